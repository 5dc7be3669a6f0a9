# %% [markdown]
# Two networks with one score: what became of the weights that no image uses,
# who can misuse them, and what an attack on all pixels does.

# %% setup
import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import tensorflow as tf
from keras import layers

# %% experiment
batch_size = 128  # images an update
epochs = 15
seed = 42
seeds = [seed, seed + 1, seed + 2]
cross_entropy = "sparse_categorical_crossentropy"

# %% load
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train = x_train.reshape(-1, 784).astype("float32") / 255
x_test = x_test.reshape(-1, 784).astype("float32") / 255
fit_size = len(x_train) // 6 // batch_size * batch_size
x_fit, y_fit = x_train[:fit_size], y_train[:fit_size]

# %% empty
empty = x_fit.max(axis=0) == 0  # (784,), pixels that are never inked
print(f"{empty.sum()} of 784 pixels hold no ink in {fit_size:,} images")
used = x_test[:, empty].max(axis=1) > 0  # test images with ink there


# %% build
def build(seed, l2=0.0, decay=0.0):
    keras.utils.set_random_seed(seed)
    penalty = keras.regularizers.L2(l2)
    model = keras.Sequential([
        keras.Input((784,)),
        layers.Dense(128, activation="relu", kernel_regularizer=penalty),
        layers.Dense(10, activation="softmax", kernel_regularizer=penalty),
    ])
    optimizer = keras.optimizers.AdamW(0.001, weight_decay=decay)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    model.compile(
        optimizer=optimizer, loss=cross_entropy, metrics=["accuracy"],
        steps_per_execution=13,
    )
    return model


# %% idle-weights
def idle_size(model):  # mean size of the weights from empty pixels
    return np.abs(model.get_weights()[0][empty]).mean()


def trained(**strength):
    networks, left = [], []
    for seed in seeds:
        model = build(seed, **strength)
        before = idle_size(model)
        model.fit(x_fit, y_fit, batch_size=batch_size, epochs=epochs,
                  verbose=0)
        networks.append(model)
        left.append(idle_size(model) / before)
    return networks, np.array(left)


# %% train
kinds = {
    "none": {}, "L2, 0.00001": {"l2": 1e-5}, "L2, 0.0001": {"l2": 1e-4},
    "L2, 0.001": {"l2": 1e-3}, "decoupled, 0.01": {"decay": 0.01},
    "decoupled, 0.1": {"decay": 0.1}, "decoupled, 1": {"decay": 1.0},
}
networks, left = {}, {}
for kind, strength in kinds.items():
    networks[kind], left[kind] = trained(**strength)


# %% read
def answered(model, x):
    return model.predict(x, batch_size=1000, verbose=0).argmax(axis=1)


def accuracy(kind, x):  # one a seed
    return np.array([(answered(m, x) == y_test).mean()
                     for m in networks[kind]])


score = {kind: accuracy(kind, x_test) for kind in kinds}

# %% decay
pd.DataFrame({
    "idle weights left": [f"{a.mean():.1%}" for a in left.values()],
    "test accuracy": [f"{a.mean():.2%}" for a in score.values()],
    "sd": [f"{100 * a.std(ddof=1):.2f}" for a in score.values()],
}, index=pd.Index(kinds, name="regularisation"))

# %% decay-check tags=["claim"]
steps = epochs * fit_size // batch_size
assert (left["none"] == 1).all()
for kind in ("L2, 0.00001", "L2, 0.0001", "L2, 0.001"):
    assert left[kind].max() < 1e-6
for decay in (0.01, 0.1, 1):
    expected = (1 - 0.001 * decay) ** steps
    assert np.abs(left[f"decoupled, {decay}"] / expected - 1).max() < 0.01

# %% score-check tags=["claim"]
for kind in ("L2, 0.00001", "L2, 0.0001", "decoupled, 0.01",
             "decoupled, 0.1"):
    assert abs(score[kind].mean() - score["none"].mean()) < 0.004

# %% decay-values tags=["values"]
mild = ["none", "L2, 0.00001", "L2, 0.0001", "decoupled, 0.01",
        "decoupled, 0.1"]
means = [score[kind].mean() for kind in mild]
{
    "fit_images": {"value": f"{fit_size:,}", "tolerance": 0},
    "test_images": {"value": f"{len(x_test):,}", "tolerance": 0},
    "empty_pixels": {"value": int(empty.sum()), "tolerance": 0},
    "used": {"value": int(used.sum()), "tolerance": 0},
    "epochs": {"value": epochs, "tolerance": 0},
    "steps": {"value": f"{steps:,}", "tolerance": 0},
    "plain_accuracy": {"runs": score["none"], "format": ".2%"},
    "l2_accuracy": {"runs": score["L2, 0.0001"], "format": ".2%"},
    "mild_spread": f"{100 * np.ptp(means):.2f}",
}


# %% slopes
def slope(model, x, y):  # of each image's loss, for its pixels: (n, 784)
    x = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        losses = keras.losses.get(cross_entropy)(y, model(x))
    return tape.gradient(losses, x).numpy()


# %% in-the-margin
def in_the_margin(model, x, y):  # ink where it raises the loss
    return np.where(empty, slope(model, x, y) > 0, x).astype("float32")


# %% margins
rng = np.random.default_rng(seed)
spots = rng.integers(0, 2, (len(x_test), 784)).astype("float32")
scribbled = np.where(empty, spots, x_test)
under_spots = {kind: accuracy(kind, scribbled) for kind in kinds}
under_choice = {
    kind: np.array([
        (answered(m, in_the_margin(m, x_test, y_test)) == y_test).mean()
        for m in group
    ]) for kind, group in networks.items()
}

# %% margin-table
pd.DataFrame({
    "as it is": [f"{a.mean():.1%}" for a in score.values()],
    "random spots": [f"{a.mean():.1%}" for a in under_spots.values()],
    "chosen spots": [f"{a.mean():.1%}" for a in under_choice.values()],
}, index=pd.Index(kinds, name="regularisation"))

# %% show
plain, penalised = networks["none"][0], networks["L2, 0.0001"][0]
inked = in_the_margin(plain, x_test, y_test)
given, kept = answered(plain, inked), answered(penalised, inked)
alike = (answered(plain, x_test) == y_test) & (
    answered(penalised, x_test) == y_test
)  # both read the untouched digit
shown = [np.flatnonzero(alike & (given != y_test) & (y_test == digit))[0]
         for digit in range(10)]

# %% back-door
fig, axes = plt.subplots(2, 5, figsize=(5.6, 3.2))
for ax, n in zip(axes.flat, shown):
    ax.imshow(inked[n].reshape(28, 28))
    ax.set_title(f"{y_test[n]} → {given[n]}", loc="center", color="C1")
    ax.set(xticks=[], yticks=[])
    ax.grid(False)

# %% weights-of-units
mean_size = [np.abs(m.get_weights()[0]).mean(axis=1).reshape(28, 28)
             for m in (plain, penalised)]
fig, axes = plt.subplots(1, 2, figsize=(5.6, 3))
for ax, sizes, name in zip(axes, mean_size, ("no penalty", "L2, 0.0001")):
    ax.imshow(sizes, vmin=0, vmax=np.max(mean_size))
    ax.set(title=name, xticks=[], yticks=[])
    ax.grid(False)

# %% margin-check tags=["claim"]
for kind in ("L2, 0.00001", "L2, 0.0001", "L2, 0.001"):
    clean = [answered(m, x_test) for m in networks[kind]]
    dirty = [answered(m, in_the_margin(m, x_test, y_test))
             for m in networks[kind]]
    spotted = [answered(m, scribbled) for m in networks[kind]]
    same = np.array([np.array_equal(a[~used], b[~used])
                     for a, b in zip(clean * 2, dirty + spotted)])
    assert same.all()
assert under_choice["none"].max() < 0.8
assert under_choice["decoupled, 0.01"].max() < 0.8
assert under_choice["decoupled, 0.1"].max() < 0.85
assert under_spots["none"].mean() < score["none"].mean()
assert under_spots["none"].mean() > under_choice["none"].mean() + 0.1
assert (kept[shown] == y_test[shown]).all()

# %% margin-values tags=["values"]
{
    "spotted": f"{under_spots['none'].mean():.1%}",
    "chosen": {"runs": under_choice["none"], "format": ".0%"},
    "chosen_decoupled": f"{under_choice['decoupled, 0.1'].mean():.0%}",
    "fooled": f"{(given[alike] != y_test[alike]).mean():.0%}",
}


# %% attack
def attack(model, x, y, epsilon):
    changed = x + epsilon * np.sign(slope(model, x, y))
    return np.clip(changed, 0, 1)


# %% fooled
epsilon = 0.1
victims = networks["none"]
five = np.array([np.flatnonzero(alike & (y_test == d))[0]
                 for d in (0, 2, 3, 4, 7)])
attacked = attack(plain, x_test[five], y_test[five], epsilon)
new_scores = plain.predict(attacked, verbose=0)

# %% fooled-digits
fig, axes = plt.subplots(2, 5, figsize=(5.6, 3.2))
for (top, bottom), i, new, result in zip(axes.T, five, attacked, new_scores):
    top.imshow(x_test[i].reshape(28, 28))
    top.set_title(f"a {y_test[i]}", loc="center")
    bottom.imshow(new.reshape(28, 28))
    bottom.set_title(f"“{result.argmax()}”, {result.max():.0%}",
                     loc="center")
for ax in axes.flat:
    ax.axis("off")

# %% attacks
strengths = np.array([0, 0.02, 0.05, 0.1, 0.15, 0.2])
signs = rng.choice([-1, 1], x_test.shape).astype("float32")
under_noise = np.array([accuracy("none", np.clip(x_test + e * signs, 0, 1))
                        for e in strengths])  # (6, 3)
under_attack = {
    kind: np.array([
        [(answered(m, attack(m, x_test, y_test, e)) == y_test).mean()
         for m in networks[kind]] for e in strengths
    ]) for kind in ("none", "L2, 0.0001")
}

# %% robustness
fig, ax = plt.subplots()
for colour, each in (("C0", under_noise), ("C1", under_attack["none"]),
                     ("C3", under_attack["L2, 0.0001"])):
    ax.plot(strengths, 100 * each, color=colour, lw=1, alpha=0.3)
    ax.plot(strengths, 100 * each.mean(axis=1), "o-", color=colour)
ax.text(0.12, 98, "random changes", color="C0")
ax.text(0.075, 45, "attack, L2 penalty", color="C3")
ax.text(0.035, 12, "attack", color="C1", ha="right")
ax.set(xlabel="largest change of a pixel (1 = from paper to ink)",
       ylabel="test accuracy (%)", ylim=(0, 106))

# %% transfer
borrowed = attack(plain, x_test, y_test, epsilon)
transferred = accuracy("none", borrowed)[1:]  # the other networks
at = list(strengths).index(epsilon)
attacked_mean = under_attack["none"][at].mean()

# %% attack-check tags=["claim"]
assert np.allclose(under_attack["none"][0], score["none"])
assert attacked_mean < 0.2
assert under_noise[at].mean() > 0.88
assert (new_scores.argmax(axis=1) != y_test[five]).sum() >= 4
assert transferred.max() < 0.6
assert np.abs(borrowed - x_test).max() < epsilon + 1e-6
assert attacked_mean < under_attack["L2, 0.0001"][at].mean() < 0.4

# %% attack-values tags=["values"]
{
    "epsilon": {"value": f"{epsilon:g}", "tolerance": 0},
    "attacked": {"value": f"{attacked_mean:.0%}", "tolerance": 3},
    "attacked_l2": f"{under_attack['L2, 0.0001'][at].mean():.0%}",
    "noisy": {"value": f"{under_noise[at].mean():.0%}", "tolerance": 2},
    "transferred": {"value": f"{transferred.mean():.0%}", "tolerance": 8},
}
