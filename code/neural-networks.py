# %% [markdown]
# A network of two layers in NumPy that tells whether a digit is an 8: every
# step of the forward pass, the loss and backpropagation, with each gradient
# checked, beside logistic regression as the network of a single unit.

# %% setup
import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import tensorflow as tf

# %% experiment
target = 8  # the digit to be told from all the others
hidden_units = 32
steps = 200  # updates, each from all the training images
trial_steps = 60  # the same, when learning rates are compared
rates = [0.5, 2, 8, 32]  # learning rates to choose from
seed = 42
seeds = [seed, seed + 1, seed + 2]

# %% load
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
fit_size = len(x_train) - len(x_train) // 6  # the rest is for validation

# %% prepare
average = x_train[:fit_size].mean(axis=0).reshape(784, 1)


def columns(images):  # (n, 28, 28) -> (784, n), one image a column
    x = (images.reshape(-1, 784).T - average) / 255
    return np.ascontiguousarray(x, dtype="float32")


def is_target(labels):  # (n,) -> (1, n), 1 for an 8 and 0 for the rest
    return (labels == target).astype("float32").reshape(1, -1)


x_fit, x_val = columns(x_train[:fit_size]), columns(x_train[fit_size:])
y_fit, y_val = is_target(y_train[:fit_size]), is_target(y_train[fit_size:])
x_new, y_new = columns(x_test), is_target(y_test)  # the test set

# %% centring
def steepest(x):  # the largest eigenvalue of the pixels' second moments
    return np.linalg.eigvalsh(x @ x.T / x.shape[1])[-1]


some = x_fit[:, : fit_size // 5]
gentler = steepest(some + average / 255) / steepest(some)

# %% centring-claim tags=["claim"]
assert gentler > 5

# %% data-values tags=["values"]
{
    "fit_images": {"value": f"{x_fit.shape[1]:,}", "tolerance": 0},
    "validation_images": {"value": f"{x_val.shape[1]:,}", "tolerance": 0},
    "test_images": {"value": f"{x_new.shape[1]:,}", "tolerance": 0},
    "test_eights": {"value": f"{int(y_new.sum()):,}", "tolerance": 0},
    "always_no": {"value": f"{1 - y_new.mean():.2%}", "tolerance": 0},
    "gentler": {"value": f"{gentler:.0f}", "tolerance": 1},
}


# %% dot
def dot(ax, x, y, words="", colour="0.45", size=28, **style):
    ax.plot(x, y, "o", color=colour, markersize=size, fillstyle="none")
    ax.text(x, y, words, ha="center", va="center", **style)


def arrow(ax, start, end, colour="0.6"):
    line = {"arrowstyle": "-|>", "color": colour, "lw": 1.2}
    ax.annotate("", end, start, arrowprops={**line, "shrinkA": 14,
                                            "shrinkB": 15})


# %% unit
fig, ax = plt.subplots(figsize=(5.6, 2.9))
ax.axis("off")
for place, words in zip((2, 1, -1, -2), ("x₁", "x₂", "x₇₈₄", "1")):
    dot(ax, 0, place, words)
    arrow(ax, (0, place), (2.4, 0), "C1" if words == "1" else "C0")
ax.text(0, 0, "⋮", ha="center", va="center", fontsize=14)
dot(ax, 2.4, 0, "sum", "C0", 44)
dot(ax, 4.4, 0, "sigmoid", "C2", 62)
arrow(ax, (2.65, 0), (4.2, 0))
arrow(ax, (4.75, 0), (6.2, 0))
ax.text(3.25, 0.22, "z", ha="center")
ax.text(6.1, 0, "a", ha="left", va="center")
ax.text(0, 2.65, "pixels", ha="center", color="0.4")
ax.text(1.35, 1.6, "weights", color="C0")
ax.text(1.35, -1.75, "bias", color="C1")
ax.text(6.1, -0.75, "probability\nof an 8", ha="center", va="top")
ax.set(xlim=(-0.6, 7), ylim=(-2.6, 3))


# %% sigmoid
def sigmoid(z):  # 1 / (1 + exp(-z)), without overflow
    return np.exp(-np.logaddexp(0, -z))


# %% log-loss
def log_loss(z, y):
    return (np.logaddexp(0, z) - y * z).mean()


# %% logistic-regression
def logistic_gradients(x, y, w, b):
    z = w @ x + b  # (1, n)
    error = (sigmoid(z) - y) / y.size
    return log_loss(z, y), [error @ x.T, error.sum(axis=1, keepdims=True)]


# %% descend
def descend(gradients, x, y, parameters, rate, steps, watch=None):
    parameters = [p.astype(x.dtype) for p in parameters]
    losses, watched = [], []
    for step in range(steps):
        loss, slopes = gradients(x, y, *parameters)
        if watch and step % 10 == 0:
            watched.append(gradients(*watch, *parameters)[0])
        parameters = [p - rate * s for p, s in zip(parameters, slopes)]
        losses.append(loss)
    return parameters, losses, watched


# %% forward
def forward(x, w1, b1, w2, b2):
    z1 = w1 @ x + b1  # (32, n)
    a1 = np.maximum(z1, 0)  # ReLU
    z2 = w2 @ a1 + b2  # (1, n)
    return z1, a1, z2


# %% initial
def initial(seed, inputs=784, hidden=hidden_units):
    rng = np.random.default_rng(seed)
    w1 = rng.normal(size=(hidden, inputs)) * np.sqrt(2 / inputs)
    w2 = rng.normal(size=(1, hidden)) * np.sqrt(1 / hidden)
    return [w1, np.zeros((hidden, 1)), w2, np.zeros((1, 1))]


# %% layers
fig, ax = plt.subplots(figsize=(5.6, 3.3))
ax.axis("off")
heights = (2, 1, -1, -2)  # of the units that are drawn
for height in heights:
    ends = [height, height, height, height], [*heights]
    ax.plot([[0] * 4, [3] * 4], ends, color="0.75", lw=0.8, zorder=0)
    ax.plot([3, 6], [height, 0], color="0.75", lw=0.8, zorder=0)
ax.plot([0, 0, 0, 0], heights, "o", color="C0", markersize=18)
ax.plot([3, 3, 3, 3], heights, "o", color="C2", markersize=18)
ax.plot(6, 0, "o", color="C1", markersize=18)
for x in (0, 3):
    ax.text(x, 0, "⋮", ha="center", va="center", fontsize=16)
for x, name, units in ((0, "input", "784 pixels"),
                       (3, "layer 1", f"{hidden_units} units, ReLU"),
                       (6, "layer 2", "1 unit, sigmoid")):
    ax.text(x, 3.5, f"{name}\n{units}", ha="center", va="top")
ax.text(1.5, -2.9, f"W[1]: {hidden_units} × 784", ha="center")
ax.text(4.6, -2.9, f"W[2]: 1 × {hidden_units}", ha="center")
ax.set(xlim=(-1.1, 7.2), ylim=(-3.3, 3.7))

# %% two-linear-layers
w1, b1, w2, b2 = initial(seed)
b1, b2 = b1 + 0.1, b2 - 0.2  # biases that are not zero
image = x_fit[:, :1].astype("float64")
through_two = w2 @ (w1 @ image + b1) + b2
through_one = (w2 @ w1) @ image + (w2 @ b1 + b2)

# %% two-linear-check tags=["claim"]
assert (w2 @ w1).shape == (1, len(image))
assert abs(through_two - through_one).max() < 1e-12
assert abs(forward(image, w1, b1, w2, b2)[2] - through_one).max() > 1e-3

# %% activations
z = np.linspace(-4, 4, 401)
functions = {
    "sigmoid": (sigmoid(z), sigmoid(z) * (1 - sigmoid(z)), "-"),
    "tanh": (np.tanh(z), 1 - np.tanh(z) ** 2, "--"),
    "ReLU": (np.maximum(z, 0), z > 0, "-."),
}
fig, (left, right) = plt.subplots(1, 2, figsize=(5.6, 3))
for name, (value, slope, style) in functions.items():
    left.plot(z, value, style, label=name)
    right.plot(z, slope, style, label=name)
left.set(title="the function", ylim=(-1.1, 2.2), xlabel="z")
right.set(title="its derivative", ylim=(-0.1, 1.3), xlabel="z")
left.legend(loc="upper left")

# %% loss-curve
a = np.linspace(0.005, 0.995, 199)
fig, ax = plt.subplots(figsize=(5.6, 3))
ax.plot(a, -np.log(a), color="C1")
ax.plot(a, -np.log(1 - a), "--", color="C0")
ax.text(0.1, 3.2, "if it is an 8", color="C1")
ax.text(0.9, 3.2, "if it is not", color="C0", ha="right")
ax.set(xlabel="probability that the model gives to 8", ylabel="log-loss")

# %% loss-values tags=["values"]
{
    "loss_sure": {"value": f"{-np.log(0.99):.2f}", "tolerance": 0},
    "loss_unsure": {"value": f"{-np.log(0.5):.2f}", "tolerance": 0},
    "loss_wrong": {"value": f"{-np.log(0.01):.2f}", "tolerance": 0},
}


# %% backward
def network_gradients(x, y, w1, b1, w2, b2):
    z1, a1, z2 = forward(x, w1, b1, w2, b2)
    error2 = (sigmoid(z2) - y) / y.size  # of the loss by z2: (1, n)
    error1 = (w2.T @ error2) * (z1 > 0)  # of the loss by z1: (32, n)
    return log_loss(z2, y), [
        error1 @ x.T,
        error1.sum(axis=1, keepdims=True),
        error2 @ a1.T,
        error2.sum(axis=1, keepdims=True),
    ]


# %% numerical-gradient
def numerical(x, y, parameters, which, entry, step=1e-5):
    losses = []
    for move in (step, -step):
        moved = [p.copy() for p in parameters]
        moved[which][entry] += move
        losses.append(log_loss(forward(x, *moved)[2], y))
    return (losses[0] - losses[1]) / (2 * step)


# %% relative-difference
def relative_difference(a, b):
    scale = np.linalg.norm(a) + np.linalg.norm(b)
    return np.linalg.norm(np.subtract(a, b)) / scale


# %% gradient-check
few = slice(0, 100)  # images
x, y = x_fit[:, few].astype("float64"), y_fit[:, few].astype("float64")
rng = np.random.default_rng(seed)
parameters = initial(seed)
_, slopes = network_gradients(x, y, *parameters)
checked = {}
for which, name in enumerate(["W[1]", "b[1]", "W[2]", "b[2]"]):
    shape = slopes[which].shape
    chosen = rng.integers(shape, size=(50, 2))  # some entries
    by_formula = [slopes[which][tuple(e)] for e in chosen]
    by_moving = [
        numerical(x, y, parameters, which, tuple(e)) for e in chosen
    ]
    checked[name] = relative_difference(by_formula, by_moving)

# %% tape
variables = [tf.Variable(p) for p in parameters]
with tf.GradientTape() as tape:
    w1, b1, w2, b2 = variables
    hidden = tf.nn.relu(w1 @ x + b1)
    loss = tf.nn.sigmoid_cross_entropy_with_logits(y, w2 @ hidden + b2)
    loss = tf.reduce_mean(loss)
from_tape = tape.gradient(loss, variables)
taped = {
    name: relative_difference(ours, theirs)
    for name, ours, theirs in zip(checked, slopes, from_tape)
}

# %% planted-bug
w1, b1, w2, b2 = parameters
error2 = (sigmoid(forward(x, *parameters)[2]) - y) / y.size
wrong = (w2.T @ error2) @ x.T  # without the derivative of ReLU
bug = relative_difference(wrong, slopes[0])

# %% gradients
def below(difference):  # the next power of a million above it
    power = np.log10(max(difference, 1e-16))
    return f"below 1e{6 * int(np.ceil(power / 6))}"


pd.DataFrame({
    "shape": [f"{p.shape[0]} × {p.shape[1]}" for p in parameters],
    "from moving entries": [below(d) for d in checked.values()],
    "from TensorFlow": [below(d) for d in taped.values()],
}, index=pd.Index(checked, name="gradient of"))

# %% gradient-claims tags=["claim"]
assert max(checked.values()) < 1e-6
assert max(taped.values()) < 1e-12
assert bug > 0.1
from_zeros = network_gradients(x, y, *[0 * p for p in parameters])[1]
assert all((s == 0).all() for s in from_zeros[:3])  # all but b[2]

# %% rates
def best_rate(gradients, start, x, y, x_val, y_val):
    losses = []
    for rate in rates:
        found, _, _ = descend(gradients, x, y, start, rate, trial_steps)
        losses.append(gradients(x_val, y_val, *found)[0])
    return rates[int(np.nanargmin(losses))]


part = slice(0, fit_size // 5)  # of the training images
trial = (x_fit[:, part], y_fit[:, part], x_val, y_val)
zeros = [np.zeros((1, 784)), np.zeros((1, 1))]
logistic_rate = best_rate(logistic_gradients, zeros, *trial)
network_rate = best_rate(network_gradients, initial(seed), *trial)

# %% train-logistic
logistic, logistic_losses, logistic_watched = descend(
    logistic_gradients, x_fit, y_fit, zeros, logistic_rate, steps,
    watch=(x_val, y_val),
)
logistic_yes = logistic[0] @ x_new + logistic[1] > 0

# %% train-network
networks = [
    descend(
        network_gradients, x_fit, y_fit, initial(s), network_rate, steps,
        watch=(x_val, y_val),
    )
    for s in seeds
]
network_yes = [forward(x_new, *found)[2] > 0 for found, _, _ in networks]


# %% scores
def scores(yes, y=y_new):
    accuracy = (yes == y).mean()
    precision = y[yes].mean()  # of those it calls an 8
    recall = yes[y == 1].mean()  # of the 8s
    return accuracy, precision, recall


by_logistic = np.array(scores(logistic_yes))
by_networks = np.array([scores(yes) for yes in network_yes])  # (3, 3)
by_network, spread = by_networks.mean(axis=0), by_networks.std(0, ddof=1)

# %% training-loss
_, network_losses, network_watched = networks[0]
every_ten = range(0, steps, 10)
fig, ax = plt.subplots()
ax.plot(logistic_losses, color="C1")
ax.plot(every_ten, logistic_watched, "--", color="C1")
ax.plot(network_losses, color="C0")
ax.plot(every_ten, network_watched, "--", color="C0")
ax.plot([], color="0.4", label="training")
ax.plot([], "--", color="0.4", label="validation")
ax.text(0.95 * steps, 1.15 * logistic_losses[-1], "logistic regression",
        color="C1", ha="right", va="bottom")
ax.text(0.95 * steps, 1.15 * network_watched[-1], "network",
        color="C0", ha="right", va="bottom")
ax.legend(loc="upper right")
ax.set(xlabel="updates", ylabel="log-loss", yscale="log")
ticks = ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5"]
ax.set_yticks([float(tick) for tick in ticks], ticks)
ax.minorticks_off()

# %% training-claims tags=["claim"]
assert logistic_losses[-1] > 0.93 * logistic_losses[steps // 2]
assert network_losses[-1] < 0.5 * logistic_losses[-1]
assert network_watched[-1] < 1.02 * min(network_watched)
assert network_losses[-1] < network_watched[-1] < logistic_watched[-1]
assert abs(logistic_watched[-1] / logistic_losses[-1] - 1) < 0.05
assert np.diff(network_losses).max() > 0.01  # a step too far, early on

# %% results
def row(scores, parameters, updates=steps):
    parts = [f"{share:.2%}" for share in scores]
    return [*parts, f"{parameters:,}", f"{updates:,}"]


sizes = [sum(p.size for p in found) for found in (zeros, networks[0][0])]
pd.DataFrame(
    [
        [f"{1 - y_new.mean():.2%}", "–", f"{0:.2%}", "0", "0"],
        row(by_logistic, sizes[0]),
        row(by_network, sizes[1]),
    ],
    columns=["accuracy", "precision", "recall", "parameters", "updates"],
    index=pd.Index(
        ["always “no”", "logistic regression", "network"], name="model"
    ),
)

# %% results-claims tags=["claim"]
assert by_logistic[0] > 1 - y_new.mean() + 0.04
assert by_networks[:, 0].min() > 0.985
assert 1 - by_network[0] < 0.5 * (1 - by_logistic[0])  # half the errors
assert by_network[2] > by_logistic[2] + 0.1
assert by_networks[:, 1].min() > by_logistic[1]

# %% results-values tags=["values"]
missed = y_new.sum() * (1 - by_logistic[2]), y_new.sum() * (1 - by_network[2])
fewer = (1 - by_logistic[0]) / (1 - by_network[0])
sampling = 1.96 * np.sqrt(by_network[0] * (1 - by_network[0]) / y_new.size)
{
    "logistic_accuracy": f"{by_logistic[0]:.2%}",
    "network_accuracy": f"{by_network[0]:.2%}",
    "network_lowest": f"{by_networks[:, 0].min():.2%}",
    "network_highest": f"{by_networks[:, 0].max():.2%}",
    "network_sd": {"value": f"{100 * spread[0]:.2f}", "tolerance": 0.1},
    "sampling": {"value": f"{100 * sampling:.2f}", "tolerance": 0.05},
    "fewer_errors": {"value": f"{fewer:.1f}", "tolerance": 0.6},
    "logistic_missed": {"value": f"{missed[0]:.0f}", "tolerance": 12},
    "network_missed": {"value": f"{missed[1]:.0f}", "tolerance": 12},
}

# %% share-values tags=["values"]
{
    "logistic_precision": {"value": f"{by_logistic[1]:.1%}", "tolerance": 1},
    "logistic_recall": {"value": f"{by_logistic[2]:.1%}", "tolerance": 1},
    "network_precision": {"value": f"{by_network[1]:.1%}", "tolerance": 1},
    "network_recall": {"value": f"{by_network[2]:.1%}", "tolerance": 1},
}

# %% choice-values tags=["values"]
{
    "logistic_rate": {"value": f"{logistic_rate:g}", "tolerance": 12},
    "network_rate": {"value": f"{network_rate:g}", "tolerance": 12},
    "steps": {"value": steps, "tolerance": 0},
    "hidden_units": {"value": hidden_units, "tolerance": 0},
    "logistic_parameters": {"value": f"{sizes[0]:,}", "tolerance": 0},
    "network_parameters": {"value": f"{sizes[1]:,}", "tolerance": 0},
    "bug": {"value": f"{bug:.2f}", "tolerance": 0.2},
}


# %% two-features
def two_features(images):  # (n, 28, 28) -> (2, n)
    ink = images / images.sum(axis=(1, 2), keepdims=True)
    row = np.arange(28)
    by_row = ink.sum(axis=2)  # (n, 28)
    height = np.sqrt(by_row @ row**2 - (by_row @ row) ** 2)
    middle = ink[:, 12:16, 11:17].sum(axis=(1, 2))
    return np.stack([height, 100 * middle])


# %% balanced
def balanced(images, labels, rng):
    yes = np.flatnonzero(labels == target)
    no = np.flatnonzero(labels != target)
    keep = np.append(yes, rng.choice(no, len(yes), replace=False))
    keep = rng.permutation(keep)
    return two_features(images[keep]), is_target(labels[keep])


rng = np.random.default_rng(seed)
x2, y2 = balanced(x_train[:fit_size], y_train[:fit_size], rng)
x2_val, y2_val = balanced(x_train[fit_size:], y_train[fit_size:], rng)
x2_new, y2_new = balanced(x_test, y_test, rng)
centre, scale = x2.mean(axis=1, keepdims=True), x2.std(axis=1, keepdims=True)
x2, x2_val, x2_new = [(x - centre) / scale for x in (x2, x2_val, x2_new)]


# %% fit-two
def fit_two(gradients, start, updates=2000):
    rate = best_rate(gradients, start, x2, y2, x2_val, y2_val)
    return descend(gradients, x2, y2, start, rate, updates)[0]


flat = fit_two(logistic_gradients, [np.zeros((1, 2)), np.zeros((1, 1))])
bent = [fit_two(network_gradients, initial(s, 2, 16)) for s in seeds]
flat_right = ((flat[0] @ x2_new + flat[1] > 0) == y2_new).mean()
bent_right = np.mean([(forward(x2_new, *b)[2] > 0) == y2_new for b in bent])

# %% grid
side = np.linspace(-4, 4, 161)
grid = np.stack(np.meshgrid(side, side)).reshape(2, -1)
height, middle = [axis.reshape(161, 161) for axis in grid * scale + centre]
sides = {
    f"one unit: {flat_right:.0%}": flat[0] @ grid + flat[1],
    f"network: {bent_right:.0%}": forward(grid, *bent[0])[2],
}
some = 200  # points of each kind, all from the test set
points = x2_new * scale + centre
dots = {"an 8": (points[:, y2_new[0] == 1][:, :some], "o", "C1"),
        "another digit": (points[:, y2_new[0] == 0][:, :some], "x", "C0")}

# %% decision-regions
fig, panels = plt.subplots(1, 2, figsize=(5.6, 3.6), sharey=True)
for ax, (title, z) in zip(panels, sides.items()):
    z = z.reshape(161, 161)
    ax.contourf(height, middle, z, [-1e9, 0, 1e9],
                colors=["C0", "C1"], alpha=0.16)
    ax.contour(height, middle, z, [0], colors="0.3", linewidths=1)
    for name, (place, mark, colour) in dots.items():
        ax.plot(*place, mark, color=colour, ms=3, alpha=0.7, label=name)
    ax.set(title=title, xlabel="height (pixels)")
    ax.set(xlim=(height.min(), height.max()), ylim=(-1.5, 28))
panels[0].set_ylabel("ink in the middle (%)")
fig.legend(*panels[0].get_legend_handles_labels(), ncols=2,
           loc="outside lower center")

# %% regions-claims tags=["claim"]
assert bent_right > flat_right + 0.08
assert flat_right < 0.75
assert bent_right > 0.77
spread_of = {kind: x2[:, y2[0] == kind].std(axis=1) for kind in (0, 1)}
assert (spread_of[0] > 1.2 * spread_of[1]).all()  # on all sides

# %% regions-values tags=["values"]
{
    "flat_right": {"value": f"{flat_right:.1%}", "tolerance": 2},
    "bent_right": {"value": f"{bent_right:.1%}", "tolerance": 2},
}
