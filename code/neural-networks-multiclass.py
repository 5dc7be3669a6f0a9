# %% [markdown]
# From one output to ten: softmax and cross-entropy in NumPy, a network
# trained in mini-batches, the same network in Keras from the same weights and
# batches, a look at its mistakes, and how sure it is at three learning rates.

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
rate = 0.3  # the learning rate, fixed beforehand
rates = [0.1, 0.3, 1.0]  # for the question how sure the network is
seed = 42
seeds = [seed + i for i in range(5)]
few_seeds = seeds[:3]  # where several designs or rates are compared

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


def slope(loss, at, entry, step=1e-6):  # by moving one entry of `at`
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


# %% batch-cosines
def direction(parameters, images):
    slopes = gradients(x_fit[images], y_fit[images], parameters)
    flat = np.concatenate([s.ravel() for s in slopes])
    return flat / np.linalg.norm(flat)


stages = [initial(seed)]  # then the parameters after each epoch
train(x_fit, y_fit, stages[0], rate, seed, after_epoch=stages.append)
rng = np.random.default_rng(seed)
batches = np.array_split(rng.permutation(fit_size)[:40 * batch_size], 40)
looked_at = [0, 1, 2, 3, 5, 7, 10, 13, 16, 20]  # epochs
cosines = []
for stage in looked_at:
    full = direction(stages[stage], slice(None))
    cosines.append([direction(stages[stage], b) @ full for b in batches])

# %% cosine-curve
cosines = np.array(cosines)  # (10, 40)
fig, ax = plt.subplots(figsize=(5.6, 3.1))
ax.plot(looked_at, cosines, ".", color="C0", ms=4, alpha=0.35)
ax.plot(looked_at, cosines.mean(axis=1), "o-", color="C1")
ax.axhline(0, color="0.6", lw=1, ls="--")
ax.text(1.2, 0.92, "one batch", color="C0")
ax.text(7, 0.52, "mean of forty", color="C1")
ax.set(xlabel="epochs trained", ylabel="cosine with the full gradient",
       ylim=(-0.35, 1), xticks=range(0, epochs + 1, 5))

# %% cosine-claims tags=["claim"]
early, late = cosines[0], cosines[-1]
assert cosines.mean(axis=1).argmax() == 0
assert late.mean() < 0.6 * early.mean()
assert (cosines.mean(axis=1) > 0).all()

# %% learn
some = np.random.default_rng(seed).permutation(fit_size)[:len(x_val)]
x_seen, y_seen = x_fit[some], y_fit[some]  # to follow the training loss


def learn(rate, seed):
    history = []

    def watch(parameters):
        seen, val, test = [
            forward(x, *parameters)[1] for x in (x_seen, x_val, x_test)
        ]
        history.append([
            cross_entropy(seen, y_seen), cross_entropy(val, y_val),
            softmax(test).max(axis=1).mean(),
            (test.argmax(axis=1) == y_test).mean(),
        ])

    start = initial(seed)
    found = train(x_fit, y_fit, start, rate, seed, after_epoch=watch)
    return found, np.array(history)  # (epochs, 4)


runs = [learn(rate, s) for s in seeds]
networks = [found for found, _ in runs]
curves = np.array([history for _, history in runs])  # (5, epochs, 4)

# %% answers
probabilities = np.array(
    [softmax(forward(x_test, *n)[1]) for n in networks]
)  # (5, n, 10)
answers = probabilities.argmax(axis=2)  # (5, n)
accuracy = (answers == y_test).mean(axis=1)  # (5,)

# %% learning-curves
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
assert curves[:, -1, 1].mean() < 1.2 * curves[:, :, 1].mean(axis=0).min()

# %% learn-values tags=["values"]
updates = -(-fit_size // batch_size)  # rounded up
{
    "accuracy": {"runs": accuracy, "format": ".2%"},
    "fit_images": {"value": f"{fit_size:,}", "tolerance": 0},
    "test_images": {"value": f"{len(x_test):,}", "tolerance": 0},
    "rate": {"value": f"{rate:g}", "tolerance": 0},
    "updates": {"value": updates, "tolerance": 0},
    "epochs": {"value": epochs, "tolerance": 0},
    "batch_size": {"value": batch_size, "tolerance": 0},
    "cosine_start": {"value": f"{early.mean():.2f}", "tolerance": 0.04},
    "cosine_end": {"value": f"{late.mean():.2f}", "tolerance": 0.12},
}

# %% separate
few_units = 13  # ten such networks have about as many parameters


def ten_networks(seed):
    found = [
        train(x_fit, y_fit[:, k:k + 1], initial(10 * seed + k, few_units, 1),
              rate, seed, squash=sigmoid)
        for k in range(10)
    ]
    z = [forward(x_test, *network)[1] for network in found]
    return found, sigmoid(np.hstack(z))


# %% shared
def ten_sigmoids(seed):
    found = train(x_fit, y_fit, initial(seed), rate, seed, squash=sigmoid)
    return found, sigmoid(forward(x_test, *found)[1])


# %% try-both
separate = [ten_networks(s) for s in few_seeds]
shared = [ten_sigmoids(s) for s in few_seeds]
designs = {
    "ten yes/no networks": np.array([p for _, p in separate]),
    "one network, ten yes/no": np.array([p for _, p in shared]),
    "one network, softmax": probabilities[:len(few_seeds)],
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
assert min(by_softmax, by_shared) > by_ten
assert rarely < 0.5 * unclear

# %% designs-values tags=["values"]
{
    "ten_accuracy": f"{by_ten:.2%}",
    "shared_unclear": {"value": f"{unclear:.1%}", "tolerance": 1},
    "softmax_unclear": {"value": f"{rarely:.1%}", "tolerance": 0.3},
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
        for x, y in ((x_seen, y_seen), (x_val, y_val))
    ])

# %% agreement
apart = np.abs(np.array(keras_history) - curves[0, :, :2])  # (epochs, 2)
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
assert apart[0].max() < 1e-3
assert apart.max() < 0.01
assert same_answers > 0.995
ours, theirs = np.diff(curves[0, :, 0]), np.diff(keras_history, axis=0)[:, 0]
assert (theirs[ours > 0.002] > 0).all()  # a setback here is one there

# %% agreement-values tags=["values"]
{
    "apart": {"value": f"{apart.max():.4f}", "tolerance": 0.003},
    "same_answers": f"{same_answers:.2%}",
}


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
    ax.set_title(f"{y_test[image]} → {answers[0][image]}", fontsize=10.5,
                 loc="center", fontweight="normal")
    ax.axis("off")

# %% disputed
disputed = [947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937,
            6651, 6783, 8527, 9679, 9729]  # in the test set
missed = np.isin(disputed, wrong).sum()
among_surest = np.isin(surest, disputed).sum()

# %% mistakes-values tags=["values"]
{
    "mistakes": {"value": len(wrong), "tolerance": 35},
    "surest_mistake": {
        "value": f"{p[surest[0]].max():.2%}", "tolerance": 0.1
    },
    "tenth_mistake": {"value": f"{p[surest[-1]].max():.1%}", "tolerance": 1},
    "disputed": {"value": len(disputed), "tolerance": 0},
    "disputed_missed": {"value": int(missed), "tolerance": 2},
    "among_surest": {"value": int(among_surest), "tolerance": 2},
}

# %% mistakes-claims tags=["claim"]
assert p[surest].max(axis=1).min() > 0.9
assert f1.argsort()[-2:].tolist() in ([0, 1], [1, 0])
assert f1.max() - f1.min() > 0.005
assert missed >= 10
assert among_surest >= 1

# %% at-three-rates
by_rate = {
    r: runs[:len(few_seeds)] if r == rate else [learn(r, s) for s in few_seeds]
    for r in rates
}

# %% confidence
fig, ax = plt.subplots()
ax.axhline(0, color="0.6", lw=1, ls="--")
for i, (r, found) in enumerate(by_rate.items()):
    too_sure = [100 * (h[:, 2] - h[:, 3]) for _, h in found]
    ax.plot(epoch, np.transpose(too_sure), color=f"C{i}", lw=1, alpha=0.4)
    ax.plot(epoch, np.mean(too_sure, axis=0), color=f"C{i}")
    ax.text(epochs + 0.3, np.mean(too_sure, axis=0)[-1], f"rate {r:g}",
            color=f"C{i}", va="center")
ax.text(epochs, -0.1, "as sure as right", color="0.4", ha="right", va="top")
ax.set(xlabel="epoch", ylabel="sure minus right (points)",
       xlim=(0.5, epochs + 3), ylim=(-5, 2.5))
ax.set_xticks([1, *range(5, epochs + 1, 5)])


# %% calibration-error
def calibration_error(p, bins=15):  # p: (n, 10)
    sure, right = p.max(axis=1), p.argmax(axis=1) == y_test
    which = np.digitize(sure, np.linspace(0, 1, bins + 1)[1:-1])
    apart = np.bincount(which, sure - right)  # summed over each bin
    return np.abs(apart).sum() / len(p)


# %% calibrate
candidates = np.linspace(0.6, 3, 241)


def best_temperature(network):
    z = forward(x_val, *network)[1]
    losses = [cross_entropy(z / t, y_val) for t in candidates]
    return candidates[np.argmin(losses)]


# %% judged
def judged(network):
    z = forward(x_test, *network)[1]
    t = best_temperature(network)
    right = (z.argmax(axis=1) == y_test).mean()
    sure, calm = [softmax(z / t).max(axis=1).mean() for t in (1, t)]
    errors = [calibration_error(softmax(z / t)) for t in (1, t)]
    return [right, sure, sure - right, errors[0], t, errors[1], calm - right]


each = np.array([
    [judged(network) for network, _ in found] for found in by_rate.values()
])  # (3 rates, 3 seeds, 7)

# %% calibration
at_rates = each.mean(axis=1).T
pd.DataFrame({
    "right": [f"{v:.2%}" for v in at_rates[0]],
    "sure": [f"{v:.2%}" for v in at_rates[1]],
    "too sure by": [f"{100 * v:+.2f}" for v in at_rates[2]],
    "error": [f"{v:.2%}" for v in at_rates[3]],
    "best temperature": [f"{v:.2f}" for v in at_rates[4]],
    "error then": [f"{v:.2%}" for v in at_rates[5]],
}, index=pd.Index([f"{r:g}" for r in rates], name="rate"))

# %% doubts
limits = [1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1]


def doubt_and_wrong(found):
    doubt, wrong = [], []
    for network, _ in found:
        p = softmax(forward(x_test, *network)[1].astype("float64"))
        doubt.append(1 - p.max(axis=1))
        wrong.append(p.argmax(axis=1) != y_test)
    doubt, wrong = np.concatenate(doubt), np.concatenate(wrong)
    doubt, wrong = doubt[doubt > limits[0]], wrong[doubt > limits[0]]
    which = np.digitize(doubt, limits[1:-1])
    size = np.bincount(which, minlength=len(limits) - 1)
    doubts = np.bincount(which, doubt, len(limits) - 1)
    return size, doubts, np.bincount(which, wrong, len(limits) - 1)


# %% reliability
fig, ax = plt.subplots(figsize=(5.6, 4))
ax.plot([0.001, 100], [0.001, 100], "--", color="0.5", lw=1)
for i, (r, found) in enumerate(by_rate.items()):
    size, doubts, wrongs = doubt_and_wrong(found)
    enough = (np.maximum(doubts, wrongs) >= 5) & (wrongs > 0)
    size, doubts, wrongs = size[enough], doubts[enough], wrongs[enough]
    share, off = wrongs / size, np.exp(1.96 * np.sqrt(len(found) / wrongs))
    bars = 100 * np.array([share - share / off, share * off - share])
    ax.errorbar(100 * doubts / size, 100 * share, bars, fmt="o-",
                color=f"C{i}", lw=1.5, elinewidth=1, label=f"rate {r:g}")
ax.set(xscale="log", yscale="log", xlim=(0.01, 100), ylim=(0.01, 100))
ticks = ["0.01", "0.1", "1", "10", "100"]
ax.set_xticks([float(t) for t in ticks], ticks)
ax.set_yticks([float(t) for t in ticks], ticks)
ax.minorticks_off()
ax.set(xlabel="doubt: probability of all other digits (%)",
       ylabel="wrong answers (%)")
ax.legend()

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

# %% sure-claims tags=["claim"]
gentle, middle, fierce = each
assert (gentle[:, 2] < 0).all() and (gentle[:, 4] < 1).all()
assert (middle[:, 2] > 0).all() and (middle[:, 4] > 1).all()
assert (fierce[:, 2] > 1.5 * middle[:, 2].mean()).all()
assert (fierce[:, 4] > middle[:, 4].max()).all()
assert np.ptp(at_rates[0]) < 0.01
assert (at_rates[5] < at_rates[3]).all()
assert (abs(at_rates[6]) < abs(at_rates[2])).all()
assert abs(each[:, :, 6]).max() < 0.005
gaps = {r: np.mean([h[:, 2] - h[:, 3] for _, h in found], axis=0)
        for r, found in by_rate.items()}
assert max(gaps[r][0] for r in rates[:2]) < -0.005
assert (np.diff(gaps[rates[0]][::5]) > 0).all()
assert (np.diff(gaps[rates[1]][::5]) > 0).all()

# %% sure-values tags=["values"]
{
    "gentle_rate": {"value": f"{rates[0]:g}", "tolerance": 0},
    "fierce_rate": {"value": f"{rates[2]:g}", "tolerance": 0},
    "gentle_right": f"{at_rates[0, 0]:.2%}",
    "gentle_sure": f"{at_rates[1, 0]:.2%}",
    "middle_right": f"{at_rates[0, 1]:.2%}",
    "middle_sure": f"{at_rates[1, 1]:.2%}",
    "fierce_right": f"{at_rates[0, 2]:.2%}",
    "fierce_sure": f"{at_rates[1, 2]:.2%}",
    "gentle_heat": {"value": f"{at_rates[4, 0]:.2f}", "tolerance": 0.05},
    "fierce_heat": {"value": f"{at_rates[4, 2]:.2f}", "tolerance": 0.2},
    "noise_floor": {"value": f"{np.mean(floors):.2%}", "tolerance": 0.06},
}

# %% late-claims tags=["claim"]
assert cosines[4:].mean(axis=1).max() < 0.85 * early.mean()
assert (cosines[4:] < 0).any()
_, doubts, wrongs = doubt_and_wrong(by_rate[rates[2]])
assert wrongs[2:5].sum() > 2 * doubts[2:5].sum()  # doubts of 0.1 to 3 %
