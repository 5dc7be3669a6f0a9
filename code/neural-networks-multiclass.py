# %% [markdown]
# From one output to ten: softmax and cross-entropy in NumPy, a network
# trained in mini-batches, the same network in Keras from the same weights and
# batches, and a look at its mistakes and at its confidence.

# %% setup
import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from keras import layers

# %% experiment
hidden_units = 128
batch_size = 128  # images per update
epochs = 20  # passes over the training images
rates = [0.03, 0.1, 0.3, 1.0]  # learning rates to choose from
seed = 42
seeds = [seed, seed + 1, seed + 2]

# %% load
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train = x_train.reshape(-1, 784).astype("float32") / 255
x_test = x_test.reshape(-1, 784).astype("float32") / 255

# %% split
fit_size = len(x_train) - len(x_train) // 6
x_fit, x_val = x_train[:fit_size], x_train[fit_size:]
label_fit, label_val = y_train[:fit_size], y_train[fit_size:]

# %% one-hot
one_hot = np.eye(10, dtype="float32")  # row k stands for digit k
y_fit, y_val = one_hot[label_fit], one_hot[label_val]
print(f"{label_fit[0]} becomes {y_fit[0].astype(int)}")


# %% naive-softmax
def naive_softmax(z):
    return np.exp(z) / np.exp(z).sum()


small, large = np.array([1.0, 2.0, 3.0]), np.array([1001.0, 1002.0, 1003.0])
with np.errstate(over="ignore", invalid="ignore"):  # it will overflow
    overflown = naive_softmax(large)
print(naive_softmax(small).round(3), overflown)


# %% softmax
def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))  # the largest becomes 1
    return e / e.sum(axis=-1, keepdims=True)


print(softmax(large).round(3))

# %% softmax-claims tags=["claim"]
assert np.isnan(overflown).all()
assert np.allclose(softmax(large), softmax(small), rtol=0, atol=1e-12)

# %% made-up
scores = np.array([0.5, -1, 1.5, 3, -2, 2.5, -1.5, 0, 4, 1])  # made up
truth = one_hot[[8]]  # the image is an 8
temperatures = [0.5, 1, 3]

# %% temperature
fig, panels = plt.subplots(1, 3, figsize=(5.6, 2.7), sharey=True)
for ax, t in zip(panels, temperatures):
    ax.bar(range(10), 100 * softmax(scores / t), color="C0")
    ax.set(title=f"temperature {t:g}", xticks=range(0, 10, 2))
panels[0].set_ylabel("probability (%)")
panels[1].set_xlabel("digit")


# %% cross-entropy
def cross_entropy(z, y):
    top = z.max(axis=1)
    log_total = top + np.log(np.exp(z - top[:, None]).sum(axis=1))
    return (log_total - (y * z).sum(axis=1)).mean()


# %% three-cases
cases = {
    "confident and right": 6 * one_hot[[8]],
    "unsure": 0 * one_hot[[8]],
    "confident and wrong": 6 * one_hot[[3]],
}  # ten scores for an 8
pd.DataFrame({
    "largest": [f"{softmax(z).max():.1%}" for z in cases.values()],
    "given to 8": [f"{softmax(z)[0, 8]:.1%}" for z in cases.values()],
    "cross-entropy": [
        f"{cross_entropy(z, truth):.3f}" for z in cases.values()
    ],
}, index=pd.Index(cases, name="case"))

# %% two-classes tags=["claim"]
z = np.linspace(-5, 5, 11)
pair = np.stack([0 * z, z], axis=1)  # scores of "no" and "yes"
assert np.allclose(softmax(pair)[:, 1], 1 / (1 + np.exp(-z)))
assert np.isclose(cross_entropy(0 * one_hot, one_hot), np.log(10))
assert scores.argmax() == softmax(scores / 3).argmax() == 8

# %% temperature-values tags=["values"]
at = {t: softmax(scores / t)[8] for t in temperatures}
{
    "cold": {"value": f"{at[0.5]:.0%}", "tolerance": 0},
    "plain": {"value": f"{at[1]:.0%}", "tolerance": 0},
    "hot": {"value": f"{at[3]:.0%}", "tolerance": 0},
    "log_ten": {"value": f"{np.log(10):.3f}", "tolerance": 0},
}


# %% forward
def forward(x, w1, b1, w2, b2):
    a1 = np.maximum(x @ w1 + b1, 0)  # (n, hidden)
    return a1, a1 @ w2 + b2  # (n, outputs)


# %% backward
def gradients(x, y, parameters, squash=softmax):
    _, _, w2, _ = parameters
    a1, z2 = forward(x, *parameters)
    error2 = (squash(z2) - y) / len(x)  # p - y
    error1 = (error2 @ w2.T) * (a1 > 0)
    return [
        x.T @ error1, error1.sum(axis=0),
        a1.T @ error2, error2.sum(axis=0),
    ]


# %% initial
def initial(seed, hidden=hidden_units, outputs=10):
    rng = np.random.default_rng(seed)
    w1 = rng.normal(size=(784, hidden)) * np.sqrt(2 / 784)
    w2 = rng.normal(size=(hidden, outputs)) * np.sqrt(1 / hidden)
    parameters = [w1, np.zeros(hidden), w2, np.zeros(outputs)]
    return [p.astype("float32") for p in parameters]


# %% relative-difference
def relative_difference(a, b):
    scale = np.linalg.norm(a) + np.linalg.norm(b)
    return np.linalg.norm(np.subtract(a, b)) / scale


def slope(loss, at, entry, step=1e-5):  # by moving one entry of `at`
    losses = []
    for move in (step, -step):
        moved = at.copy()
        moved[entry] += move
        losses.append(loss(moved))
    return (losses[0] - losses[1]) / (2 * step)


# %% gradient-check
z = scores[None, :]
moved = [slope(lambda s: cross_entropy(s, truth), z, (0, k))
         for k in range(10)]
on_scores = relative_difference(moved, softmax(z)[0] - truth[0])

# %% parameter-check
x, y = x_fit[:50].astype("float64"), y_fit[:50].astype("float64")
parameters = [p.astype("float64") for p in initial(seed)]
rng = np.random.default_rng(seed)
on_parameters = []
for which, exact in enumerate(gradients(x, y, parameters)):
    def loss(p, which=which):
        changed = parameters[:which] + [p] + parameters[which + 1:]
        return cross_entropy(forward(x, *changed)[1], y)

    inked = np.abs(exact) > 1e-4 * np.abs(exact).max()
    chosen = rng.permutation(np.argwhere(inked))[:50]
    moved = [slope(loss, parameters[which], tuple(e)) for e in chosen]
    ours = [exact[tuple(e)] for e in chosen]
    on_parameters.append(relative_difference(moved, ours))

# %% gradient-claims tags=["claim"]
assert on_scores < 1e-6
assert max(on_parameters) < 1e-6


# %% one-batch
def direction(images):
    slopes = gradients(x_fit[:images], y_fit[:images], initial(seed))
    flat = np.concatenate([s.ravel() for s in slopes])
    return flat / np.linalg.norm(flat)


batch_cosine = direction(batch_size) @ direction(fit_size)

# %% one-batch-claim tags=["claim"]
assert batch_cosine > 0.7


# %% train
def train(x, y, parameters, rate, seed, epochs=epochs, squash=softmax,
          after_epoch=None):
    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            batch = order[start:start + batch_size]
            slopes = gradients(x[batch], y[batch], parameters, squash)
            parameters = [p - rate * s for p, s in zip(parameters, slopes)]
        if after_epoch:
            after_epoch(parameters)
    return parameters


# %% yes-no
def sigmoid(z):  # 1 / (1 + exp(-z)), without overflow
    return np.exp(-np.logaddexp(0, -z))


def log_loss(z, y):  # summed over the outputs
    return (np.logaddexp(0, z) - y * z).sum(axis=1).mean()


# %% rates
def best_rate(start, columns=slice(None), squash=softmax, loss=cross_entropy):
    part = slice(0, fit_size // 5)
    losses = []
    for rate in rates:
        found = train(x_fit[part], y_fit[part, columns], start, rate, seed,
                      epochs=2, squash=squash)
        z = forward(x_val, *found)[1]
        losses.append(loss(z, y_val[:, columns]))
    return rates[int(np.nanargmin(losses))]


rate = best_rate(initial(seed))

# %% learn
histories = []
networks = []
for s in seeds:
    history = []

    def losses_of(parameters, history=history):
        history.append([
            cross_entropy(forward(x, *parameters)[1], y)
            for x, y in ((x_fit, y_fit), (x_val, y_val))
        ])

    networks.append(
        train(x_fit, y_fit, initial(s), rate, s, after_epoch=losses_of)
    )
    histories.append(history)

# %% answers
probabilities = np.array(
    [softmax(forward(x_test, *n)[1]) for n in networks]
)  # (3, n, 10)
answers = probabilities.argmax(axis=2)  # (3, n)
accuracy = (answers == y_test).mean(axis=1)  # (3,)
sampling = 1.96 * np.sqrt(accuracy.mean() * (1 - accuracy.mean())
                          / len(y_test))

# %% learning-curves
curves = np.array(histories)  # (3, epochs, 2)
epoch = np.arange(1, epochs + 1)
fig, ax = plt.subplots()
for column, name, style in ((0, "training", "-"), (1, "validation", "--")):
    ax.plot(epoch, curves[:, :, column].T, style, color=f"C{column}",
            lw=1, alpha=0.4)
    middle = curves[:, :, column].mean(axis=0)
    ax.plot(epoch, middle, style, color=f"C{column}", label=name)
ax.set(xlabel="epoch", ylabel="cross-entropy", ylim=(0, None))
ax.set_xticks([1, *range(5, epochs + 1, 5)])
ax.legend()

# %% learn-claims tags=["claim"]
assert accuracy.min() > 0.97
assert (curves[:, -1, 0] < 0.6 * curves[:, -1, 1]).all()
assert curves[:, -1, 1].mean() < 1.1 * curves[:, :, 1].mean(axis=0).min()

# %% learn-values tags=["values"]
{
    "accuracy": f"{accuracy.mean():.2%}",
    "accuracy_sd": {
        "value": f"{100 * accuracy.std(ddof=1):.2f}", "tolerance": 0.15
    },
    "accuracy_lowest": f"{accuracy.min():.2%}",
    "accuracy_highest": f"{accuracy.max():.2%}",
    "sampling": {"value": f"{100 * sampling:.2f}", "tolerance": 0.05},
}

# %% training-values tags=["values"]
updates = -(-fit_size // batch_size)  # rounded up
{
    "fit_images": {"value": f"{fit_size:,}", "tolerance": 0},
    "test_images": {"value": f"{len(x_test):,}", "tolerance": 0},
    "rate": {"value": f"{rate:g}", "tolerance": 1},
    "updates": {"value": updates, "tolerance": 0},
    "epochs": {"value": epochs, "tolerance": 0},
    "batch_size": {"value": batch_size, "tolerance": 0},
    "batch_cosine": {"value": f"{batch_cosine:.2f}", "tolerance": 0.02},
}

# %% separate
few_units = 13  # ten such networks have about as many parameters
yes_no_rate = best_rate(
    initial(seed, few_units, 1), slice(8, 9), sigmoid, log_loss
)


def ten_networks(seed):
    found = [
        train(x_fit, y_fit[:, k:k + 1], initial(10 * seed + k, few_units, 1),
              yes_no_rate, seed, squash=sigmoid)
        for k in range(10)
    ]
    z = [forward(x_test, *network)[1] for network in found]
    return found, sigmoid(np.hstack(z))


# %% shared
shared_rate = best_rate(initial(seed), squash=sigmoid, loss=log_loss)


def ten_sigmoids(seed):
    found = train(x_fit, y_fit, initial(seed), shared_rate, seed,
                  squash=sigmoid)
    return found, sigmoid(forward(x_test, *found)[1])


# %% try-both
separate = [ten_networks(s) for s in seeds]
shared = [ten_sigmoids(s) for s in seeds]
designs = {
    "ten yes/no networks": np.array([p for _, p in separate]),
    "one network, ten yes/no": np.array([p for _, p in shared]),
    "one network, softmax": probabilities,
}
sizes = [
    sum(p.size for network in separate[0][0] for p in network),
    sum(p.size for p in shared[0][0]),
    sum(p.size for p in networks[0]),
]


# %% designs
def shares(p):  # (3, n, 10)
    right = (p.argmax(axis=2) == y_test).mean(axis=1)
    unclear = ((p > 0.5).sum(axis=2) != 1).mean()
    return right.mean(), right.std(ddof=1), unclear


design_shares = {name: shares(p) for name, p in designs.items()}
rows = [
    (f"{right:.2%}", f"{100 * sd:.2f}", f"{unclear:.2%}", f"{size:,}")
    for (right, sd, unclear), size in zip(design_shares.values(), sizes)
]
pd.DataFrame(
    rows,
    columns=["test accuracy", "sd", "not exactly one yes", "parameters"],
    index=pd.Index(designs, name="design"),
)

# %% designs-claims tags=["claim"]
(by_ten, _, _), (by_shared, _, unclear), (by_softmax, _, rarely) = (
    design_shares.values()
)
assert min(by_softmax, by_shared) > by_ten + 0.0015
assert abs(by_softmax - by_shared) < 0.003
assert rarely < 0.4 * unclear

# %% designs-values tags=["values"]
{
    "ten_accuracy": f"{by_ten:.2%}",
    "shared_accuracy": f"{by_shared:.2%}",
    "shared_unclear": {"value": f"{unclear:.1%}", "tolerance": 1},
    "softmax_unclear": {"value": f"{rarely:.1%}", "tolerance": 0.5},
    "few_units": {"value": few_units, "tolerance": 0},
    "hidden_units": {"value": hidden_units, "tolerance": 0},
}

# %% in-keras
keras.utils.set_random_seed(seed)
model = keras.Sequential([
    keras.Input((784,)),
    layers.Dense(hidden_units, activation="relu"),
    layers.Dense(10, activation="softmax"),
])
model.set_weights(initial(seed))
model.compile(
    optimizer=keras.optimizers.SGD(rate),
    loss="categorical_crossentropy",
)

# %% same-batches
rng = np.random.default_rng(seed)
keras_history = []
for _ in range(epochs):
    order = rng.permutation(len(x_fit))
    model.fit(x_fit[order], y_fit[order], batch_size=batch_size,
              shuffle=False, verbose=0)
    keras_history.append([
        model.evaluate(x, y, batch_size=1000, verbose=0)
        for x, y in ((x_fit, y_fit), (x_val, y_val))
    ])

# %% agreement
apart = np.abs(np.array(keras_history) - curves[0])  # (epochs, 2)
keras_answers = model.predict(x_test, batch_size=1000, verbose=0).argmax(1)
same_answers = (keras_answers == answers[0]).mean()

# %% same-curves
fig, ax = plt.subplots()
for column, name in ((0, "training"), (1, "validation")):
    ax.plot(epoch, curves[0, :, column], color=f"C{column}", lw=6,
            alpha=0.35, label=f"{name}, NumPy")
    ax.plot(epoch, np.array(keras_history)[:, column], "o--", lw=1,
            color=f"C{column}", label=f"{name}, Keras")
ax.set(xlabel="epoch", ylabel="cross-entropy", ylim=(0, None))
ax.set_xticks([1, *range(5, epochs + 1, 5)])
ax.legend()

# %% agreement-claims tags=["claim"]
assert apart[0].max() < 1e-4
assert apart.max() < 0.01
assert same_answers > 0.995

# %% agreement-values tags=["values"]
{
    "apart": {"value": f"{apart.max():.4f}", "tolerance": 0.01},
    "same_answers": f"{same_answers:.2%}",
}

# %% confusion
table = np.zeros((10, 10), int)
np.add.at(table, (y_test, answers[0]), 1)
mistakes = table - np.diag(np.diag(table))
fig, ax = plt.subplots(figsize=(5.4, 5))
ax.imshow(mistakes, vmax=3 * mistakes.max())
for row, column in np.ndindex(10, 10):
    if table[row, column]:
        ax.text(column, row, table[row, column], ha="center", va="center",
                fontsize=10, color="0.4" if row == column else "0.1")
ax.set(xlabel="answer", ylabel="truth")
ax.set_xticks(range(10), range(10))
ax.set_yticks(range(10), range(10))
ax.tick_params(length=0)
ax.spines[:].set_visible(False)
ax.grid(False)


# %% per-digit-scores
def precision_recall(answers):
    hits = np.array([((answers == k) & (y_test == k)).sum()
                     for k in range(10)])
    said = np.array([(answers == k).sum() for k in range(10)])
    true = np.bincount(y_test, minlength=10)
    precision, recall = hits / said, hits / true
    return precision, recall, 2 * hits / (said + true)  # the last is F1


precision, recall, f1 = np.mean(
    [precision_recall(a) for a in answers], axis=0
)

# %% per-digit
pd.DataFrame({
    "precision": [f"{share:.1%}" for share in precision],
    "recall": [f"{share:.1%}" for share in recall],
    "F1": [f"{share:.1%}" for share in f1],
}, index=pd.Index(range(10), name="digit"))

# %% confident-mistakes
p = probabilities[0]
wrong = np.flatnonzero(answers[0] != y_test)
surest = wrong[np.argsort(-p[wrong].max(axis=1))[:10]]
fig, axes = plt.subplots(2, 5, figsize=(5.6, 3.2))
for ax, image in zip(axes.flat, surest):
    ax.imshow(x_test[image].reshape(28, 28))
    ax.set_title(f"{y_test[image]}, not {answers[0][image]}", fontsize=10.5,
                 loc="center", fontweight="normal")
    ax.axis("off")

# %% disputed
disputed = [947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937,
            6651, 6783, 8527, 9679, 9729]  # in the test set
missed = np.isin(disputed, wrong).sum()
among_surest = np.isin(surest, disputed).sum()

# %% mistakes-values tags=["values"]
worst = np.unravel_index(mistakes.argmax(), mistakes.shape)
{
    "mistakes": {"value": len(wrong), "tolerance": 40},
    "surest_mistake": {
        "value": f"{p[surest[0]].max():.2%}", "tolerance": 0.3
    },
    "tenth_mistake": {"value": f"{p[surest[-1]].max():.1%}", "tolerance": 2},
    "disputed": {"value": len(disputed), "tolerance": 0},
    "disputed_missed": {"value": int(missed), "tolerance": 3},
    "among_surest": {"value": int(among_surest), "tolerance": 3},
    "worst_truth": {"value": int(worst[0]), "tolerance": 9},
    "worst_answer": {"value": int(worst[1]), "tolerance": 9},
    "worst_count": {"value": int(mistakes.max()), "tolerance": 8},
    "best_digit": {"value": int(f1.argmax()), "tolerance": 9},
    "worst_digit": {"value": int(f1.argmin()), "tolerance": 9},
}

# %% mistakes-claims tags=["claim"]
assert p[surest].max(axis=1).min() > 0.9
assert f1.argmax() in (0, 1)
assert f1.max() - f1.min() > 0.005
assert mistakes.max() < 0.15 * len(wrong)  # no pair stands out
assert missed >= 10
assert among_surest >= 1

# %% reliability
def bins_of(p, edges):  # p: (n, 10)
    sure, right = p.max(axis=1), p.argmax(axis=1) == y_test
    which = np.digitize(sure, edges[1:-1])
    size = np.bincount(which, minlength=len(edges) - 1)
    return (size, np.bincount(which, sure, len(edges) - 1),
            np.bincount(which, right, len(edges) - 1))


def calibration_error(p, bins=15):
    size, sure, right = bins_of(p, np.linspace(0, 1, bins + 1))
    return np.abs(right - sure).sum() / size.sum()


# %% calibrate
z_val = [forward(x_val, *n)[1] for n in networks]
z_test = [forward(x_test, *n)[1] for n in networks]
candidates = np.linspace(0.7, 1.6, 91)
warmth = [
    candidates[np.argmin([cross_entropy(z / t, y_val) for t in candidates])]
    for z in z_val
]
errors = np.array([calibration_error(p) for p in probabilities])
warmer = np.array(
    [calibration_error(softmax(z / t)) for z, t in zip(z_test, warmth)]
)

# %% noise-floor
rng = np.random.default_rng(seed)


def by_chance(p, bins=15):  # the error if each probability were true
    sure = p.max(axis=1)
    right = rng.random(len(sure)) < sure
    which = np.digitize(sure, np.linspace(0, 1, bins + 1)[1:-1])
    return np.abs(np.bincount(which, right - sure)).sum() / len(sure)


floors = [
    np.mean([by_chance(p) for p in probabilities]) for _ in range(100)
]

# %% reliability-diagram
edges = np.linspace(0, 1, 11)
parts = [bins_of(p, edges) for p in probabilities]
size, sure, right = np.sum(parts, axis=0)
full = size >= 60  # answers, from all networks together
share = right[full] / size[full]
margin = 1.96 * np.sqrt(share * (1 - share) / (size[full] / len(seeds)))
fig, ax = plt.subplots(figsize=(5.6, 4))
ax.plot([0, 100], [0, 100], "--", color="0.5", lw=1)
ax.errorbar(100 * sure[full] / size[full], 100 * share, 100 * margin,
            fmt="o", color="C0", markersize=6)
ax.text(64, 38, "dashed: as often right\nas the probability says", color="0.4")
ax.set(xlabel="probability of the answer (%)", ylabel="right (%)")
ax.set(xlim=(20, 102), ylim=(0, 104))

# %% sure-values tags=["values"]
certain = probabilities.max(axis=2) > 0.99
{
    "calibration_error": {
        "value": f"{errors.mean():.2%}", "tolerance": 0.3
    },
    "warmer_error": {"value": f"{warmer.mean():.2%}", "tolerance": 0.3},
    "warmth": {"value": f"{np.mean(warmth):.2f}", "tolerance": 0.15},
    "certain": {"value": f"{certain.mean():.1%}", "tolerance": 3},
    "certain_right": f"{(answers == y_test)[certain].mean():.2%}",
    "mean_sure": f"{probabilities.max(axis=2).mean():.2%}",
    "noise_floor": {"value": f"{np.mean(floors):.2%}", "tolerance": 0.15},
}

# %% sure-claims tags=["claim"]
assert errors.max() < 0.015
assert certain.mean() > 0.5
assert (right[full] < sure[full]).mean() > 0.5
assert (answers == y_test)[certain].mean() > 0.99
assert probabilities.max(axis=2).mean() > accuracy.mean() + 0.001
assert errors.mean() > np.quantile(floors, 0.95)
assert min(warmth) > 1
assert warmer.mean() < errors.mean()
