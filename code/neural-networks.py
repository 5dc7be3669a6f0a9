# %% [markdown]
# A network of two layers in NumPy that tells whether a digit is an 8: every
# step of the forward pass, the loss and backpropagation, with each gradient
# checked, beside logistic regression as the network of a single unit; and
# six planted bugs, to see which of them anybody would notice.

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
rate = 4  # the learning rate, fixed beforehand
seed = 42
seeds = [seed + i for i in range(5)]

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
def numerical(x, y, parameters, which, entry, step=1e-6):
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

# %% gradients
def digits(difference):  # that agree
    return f"{-np.log10(max(difference, 1e-17)):.0f}"


pd.DataFrame({
    "shape": [f"{p.shape[0]} × {p.shape[1]}" for p in parameters],
    "from moving entries": [digits(d) for d in checked.values()],
    "from TensorFlow": [digits(d) for d in taped.values()],
}, index=pd.Index(checked, name="gradient of"))

# %% gradient-claims tags=["claim"]
assert max(checked.values()) < 1e-6
assert max(taped.values()) < 1e-12
from_zeros = network_gradients(x, y, *[0 * p for p in parameters])[1]
assert all((s == 0).all() for s in from_zeros[:3])  # all but b[2]

# %% small-network
x1, y1 = np.array([[2.0]]), np.array([[1.0]])  # one input; it is an 8
small = [np.array([[v]]) for v in (0.5, 0.0, -1.5, 0.0)]  # w1, b1, w2, b2
z1, a1, z2 = forward(x1, *small)
a2 = sigmoid(z2)
small_loss, small_slopes = network_gradients(x1, y1, *small)
back2 = a2 - y1
back1 = back2 * small[2]  # ReLU's slope is 1 here

# %% small-network-graph
fig, ax = plt.subplots(figsize=(5.6, 2.6))
ax.axis("off")
stops = [("x", x1, None), ("z₁", z1, back1), ("a₁", a1, back1),
         ("z₂", z2, back2), ("a₂", a2, None), ("loss", small_loss, None)]
for place, (name, value, slope) in enumerate(stops):
    dot(ax, place, 0, name, size=30)
    ax.text(place, 0.62, f"{np.squeeze(value):.2f}", color="C0", ha="center")
    if slope is not None:
        ax.text(place, -0.75, f"{np.squeeze(slope):+.2f}", color="C1",
                ha="center")
    if place:
        arrow(ax, (place - 1, 0), (place, 0))
for place, name, weight, slope in (
    (0.5, "w₁", small[0], small_slopes[0]),
    (2.5, "w₂", small[2], small_slopes[2]),
):
    ax.text(place, 1.2, f"{name} = {weight.item():g}", ha="center")
    ax.text(place, -1.2, f"slope along {name}\n{slope.item():+.2f}",
            color="C1", ha="center", va="top")
ax.text(5.45, 0.62, "forward", color="C0")
ax.text(5.45, -0.75, "backward", color="C1")
ax.set(xlim=(-0.4, 6.4), ylim=(-2, 1.5))

# %% small-network-claims tags=["claim"]
for entry in (0, 2):
    by_moving = numerical(x1, y1, small, entry, (0, 0))
    assert abs(by_moving - small_slopes[entry].item()) < 1e-8

# %% small-network-values tags=["values"]
{
    "small_answer": {"value": f"{a2.item():.2f}", "tolerance": 0},
    "small_error": {"value": f"{back2.item():.2f}", "tolerance": 0},
    "small_back": {"value": f"{back1.item():.2f}", "tolerance": 0},
    "small_w1": {"value": f"{small_slopes[0].item():.2f}", "tolerance": 0},
    "small_w2": {"value": f"{small_slopes[2].item():.2f}", "tolerance": 0},
}


# %% with-bug
def with_bug(bug):
    def gradients(x, y, w1, b1, w2, b2):
        z1, a1, z2 = forward(x, w1, b1, w2, b2)
        a2 = sigmoid(z2)
        error2 = (a2 - y) / (1 if bug == "no average" else y.size)
        if bug == "one slope too many":
            error2 = error2 * a2 * (1 - a2)
        early = rate * error2 @ a1.T if bug == "W[2] moved too early" else 0
        error1 = (w2 - early).T @ error2
        if bug != "ReLU's slope forgotten":
            error1 = error1 * (z1 > 0)
        sign = -1 if bug == "b[2] with the wrong sign" else 1
        return log_loss(z2, y), [
            error1 @ x.T, error1.sum(axis=1, keepdims=True),
            error2 @ a1.T, sign * error2.sum(axis=1, keepdims=True),
        ]

    return gradients


# %% try-bugs
bugs = ["none", "W[2] moved too early", "b[2] with the wrong sign",
        "one slope too many", "ReLU's slope forgotten",
        "labels one image off", "no average"]
part = slice(0, fit_size // 5)  # a fifth of the training images
x_part, y_part = x_fit[:, part], y_fit[:, part]
bug_losses, bug_right, bug_apart = {}, {}, {}
for bug in bugs:
    shift = 1 if bug == "labels one image off" else 0
    with np.errstate(all="ignore"):  # one of them explodes
        found, bug_losses[bug], _ = descend(
            with_bug(bug), x_part, np.roll(y_part, shift), initial(seed),
            rate, steps,
        )
        yes = forward(x_val, *found)[2] > 0
    bug_right[bug] = (yes == y_val).mean()
    ours = with_bug(bug)(x, y, *parameters)[1]
    bug_apart[bug] = max(
        relative_difference(a, b) for a, b in zip(ours, slopes)
    )

# %% bugs
def seen_by(bug):
    if not bug_losses[bug][-1] < 1:
        return "anybody"
    return "gradient check" if bug_apart[bug] > 1e-6 else "score alone"


pd.DataFrame({
    "loss at the end": [
        f"{v[-1]:.3f}" if v[-1] < 1 else "–" for v in bug_losses.values()
    ],
    "right": [f"{v:.2%}" for v in bug_right.values()],
    "gradient off by": [f"{v:.2f}" for v in bug_apart.values()],
    "seen by": ["–", *map(seen_by, bugs[1:])],
}, index=pd.Index(bugs, name="bug"))

# %% bug-curves
fig, ax = plt.subplots(figsize=(5.6, 3.8))
styles = ["-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1))]
for bug, colour, style in zip(bugs[:6], [5, 0, 1, 2, 3, 4], styles):
    ax.plot(bug_losses[bug], color=f"C{colour}", ls=style,
            label="no bug" if bug == "none" else bug)
ax.set(xlabel="updates", ylabel="training loss", yscale="log")
ticks = ["0.01", "0.03", "0.1", "0.3", "1"]
ax.set_yticks([float(t) for t in ticks], ticks)
ax.minorticks_off()
ax.legend(loc="lower left", fontsize=9)

# %% bug-claims tags=["claim"]
quiet = bugs[1:5]
unknown = 1 - y_val.mean()  # right without looking
assert all(bug_losses[b][-1] < 0.25 * bug_losses[b][0] for b in quiet)
assert all(bug_right[b] > unknown + 0.04 for b in quiet)
assert all(bug_apart[b] > 0.1 for b in [*quiet, "no average"])
assert bug_apart["none"] == bug_apart["labels one image off"] == 0
assert all(abs(bug_right[b] - bug_right["none"]) < 0.006 for b in quiet[:2])
assert bug_right["labels one image off"] < unknown
assert not bug_losses["no average"][-1] < 1

# %% bug-values tags=["values"]
{
    "bugs": {"value": len(bugs) - 1, "tolerance": 0},
    "bug_free": f"{bug_right['none']:.1%}",
    "quiet_lowest": {
        "value": f"{min(bug_right[b] for b in quiet):.1%}", "tolerance": 1
    },
    "quiet_highest": {
        "value": f"{max(bug_right[b] for b in quiet):.1%}", "tolerance": 0.5
    },
    "no_eight": {"value": f"{unknown:.1%}", "tolerance": 0},
    "labels_right": {
        "value": f"{bug_right['labels one image off']:.1%}", "tolerance": 2
    },
}

# %% train-logistic
zeros = [np.zeros((1, 784)), np.zeros((1, 1))]
logistic, logistic_losses, logistic_watched = descend(
    logistic_gradients, x_fit, y_fit, zeros, rate, steps,
    watch=(x_val, y_val),
)
logistic_yes = logistic[0] @ x_new + logistic[1] > 0

# %% train-network
networks = [
    descend(
        network_gradients, x_fit, y_fit, initial(s), rate, steps,
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
by_networks = np.array([scores(yes) for yes in network_yes])  # (5, 3)
by_network = by_networks.mean(axis=0)

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
{
    "logistic_accuracy": f"{by_logistic[0]:.2%}",
    "network_accuracy": {"runs": by_networks[:, 0], "format": ".2%"},
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
    "rate": {"value": rate, "tolerance": 0},
    "steps": {"value": steps, "tolerance": 0},
    "hidden_units": {"value": hidden_units, "tolerance": 0},
    "logistic_parameters": {"value": f"{sizes[0]:,}", "tolerance": 0},
    "network_parameters": {"value": f"{sizes[1]:,}", "tolerance": 0},
}


# %% hidden-units
learnt = networks[0][0][0] - initial(seed)[0]  # (32, 784)
strongest = np.abs(learnt).max(axis=1)[:, None]
tiles = np.pad((learnt / strongest).reshape(4, 8, 28, 28),
               ((0, 0), (0, 0), (0, 2), (0, 2)), constant_values=np.nan)
fig, ax = plt.subplots(figsize=(5.6, 2.9))
ax.imshow(tiles.swapaxes(1, 2).reshape(120, 240), cmap="RdBu_r",
          vmin=-1, vmax=1)
ax.axis("off")


# %% two-features
def two_features(images):  # (n, 28, 28) -> (2, n)
    ink = images / images.sum(axis=(1, 2), keepdims=True)
    row = np.arange(28)
    by_row = ink.sum(axis=2)  # (n, 28)
    height = np.sqrt(by_row @ row**2 - (by_row @ row) ** 2)
    middle = ink[:, 12:16, 11:17].sum(axis=(1, 2))
    return np.stack([height, 100 * middle])


def two_others(images):  # (n, 28, 28) -> (2, n)
    ink = images / images.sum(axis=(1, 2), keepdims=True)
    column = np.arange(28)
    by_column = ink.sum(axis=1)  # (n, 28)
    width = np.sqrt(by_column @ column**2 - (by_column @ column) ** 2)
    dark = images > 127
    met = (dark[:, :, 1:] & ~dark[:, :, :-1]).sum(axis=(1, 2))
    return np.stack([width, met])  # strokes met along all rows


# %% balanced
def balanced(images, labels, rng):
    yes = np.flatnonzero(labels == target)
    no = np.flatnonzero(labels != target)
    keep = np.append(yes, rng.choice(no, len(yes), replace=False))
    keep = rng.permutation(keep)
    return images[keep], is_target(labels[keep])


rng = np.random.default_rng(seed)
few_fit, y2 = balanced(x_train[:fit_size], y_train[:fit_size], rng)
few_new, y2_new = balanced(x_test, y_test, rng)


# %% fit-two
def fit_two(features, updates=2000):
    x2, x2_new = features(few_fit), features(few_new)
    centre = x2.mean(axis=1, keepdims=True)
    scale = x2.std(axis=1, keepdims=True)
    x2, x2_new = (x2 - centre) / scale, (x2_new - centre) / scale
    start = [np.zeros((1, 2)), np.zeros((1, 1))]
    flat = descend(logistic_gradients, x2, y2, start, 1, updates)[0]
    bent = [
        descend(network_gradients, x2, y2, initial(s, 2, 16), 1, updates)[0]
        for s in seeds[:3]
    ]
    flat_right = ((flat[0] @ x2_new + flat[1] > 0) == y2_new).mean()
    bent_right = [((forward(x2_new, *b)[2] > 0) == y2_new).mean()
                  for b in bent]
    return flat, bent, flat_right, np.mean(bent_right), centre, scale


fits = {"loops": fit_two(two_features), "strokes": fit_two(two_others)}
flat, bent, flat_right, bent_right, centre, scale = fits["loops"]
flat_too, bent_too = fits["strokes"][2:4]

# %% grid
x2 = (two_features(few_fit) - centre) / scale
side = np.linspace(-4, 4, 161)
grid = np.stack(np.meshgrid(side, side)).reshape(2, -1)
height, middle = [axis.reshape(161, 161) for axis in grid * scale + centre]
sides = {
    f"one unit: {flat_right:.0%}": flat[0] @ grid + flat[1],
    f"network: {bent_right:.0%}": forward(grid, *bent[0])[2],
}
some = 200  # points of each kind, all from the test set
points = two_features(few_new)
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
assert (spread_of[0] > 1.1 * spread_of[1]).all()  # on all sides
assert abs(bent_too - flat_too) < 0.035
assert flat_too > flat_right + 0.08

# %% regions-values tags=["values"]
{
    "flat_right": {"value": f"{flat_right:.1%}", "tolerance": 2},
    "bent_right": {"value": f"{bent_right:.1%}", "tolerance": 2},
    "flat_too": {"value": f"{flat_too:.1%}", "tolerance": 2},
    "bent_too": {"value": f"{bent_too:.1%}", "tolerance": 2},
}
