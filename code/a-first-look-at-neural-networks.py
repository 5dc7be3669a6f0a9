# %% [markdown]
# The first network of a well-known Keras book, run again: which half of the
# test set is hard, does the book's accuracy hold, is the gap to the training
# accuracy overfitting, and what helps?

# %% setup
import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from keras import layers

# %% experiment
hidden_units = 512
batch_size = 128  # images per update
epochs = 5  # passes over the training images
long_epochs = 20  # the same, to look for overfitting
finished_epochs = 8  # the same, with a slow finish
patience = 3  # epochs without a new low, for early stopping
seed = 42
seeds = range(seed, seed + 5)
few_seeds = seeds[:3]  # for the longer experiments

# %% load
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()

# %% centres
images = np.concatenate([x_train, x_test])  # (70000, 28, 28)
position = np.arange(28)
ink = images.sum(axis=(1, 2))
row = images.sum(axis=2) @ position / ink  # (70000,)
column = images.sum(axis=1) @ position / ink  # (70000,)

# %% centre-of-mass
fig, (one, all_of_them) = plt.subplots(1, 2, figsize=(5.6, 3.1))
one.imshow(images[0])
one.plot(column[0], row[0], "o", color="C1", markersize=8)
one.set(title="one digit", xticks=[0, 14, 27], yticks=[0, 14, 27])
one.grid(False)
all_of_them.scatter(
    column, row, s=1, alpha=0.15, linewidths=0, rasterized=True
)
pixel = plt.Rectangle((13.5, 13.5), 1, 1, fill=False, ec="C1", lw=2)
all_of_them.add_patch(pixel)
all_of_them.text(14, 13.42, "pixel (14, 14)", color="C1", ha="center")
all_of_them.set(title=f"all {len(images):,} centres", aspect="equal")
all_of_them.set(xlim=(13.2, 14.8), ylim=(14.8, 13.2))
all_of_them.set(xticks=[13.5, 14, 14.5], yticks=[13.5, 14, 14.5])
for ax in (one, all_of_them):
    ax.set(xlabel="column", ylabel="row")


# %% boxes
def extent(holds_ink):  # (n, 28), one entry a row or a column
    first = holds_ink.argmax(axis=1)
    last = 27 - holds_ink[:, ::-1].argmax(axis=1)
    return last - first + 1


height = extent(images.any(axis=2))
width = extent(images.any(axis=1))
longer_side = np.maximum(height, width)

# %% boxes-check tags=["claim"]
assert abs(row - 14).max() < 0.53 and abs(column - 14).max() < 0.53
assert longer_side.max() == 20 and (longer_side == 20).mean() > 0.999
for offsets in (row - 14, column - 14):  # even, as whole pixels leave them
    assert abs(offsets.std() - 1 / np.sqrt(12)) < 0.005
    assert np.ptp(np.histogram(offsets, 10, (-0.5, 0.5))[0]) < 800

# %% data-values tags=["values"]
{
    "images": {"value": f"{len(images):,}", "tolerance": 0},
    "train_images": {"value": f"{len(x_train):,}", "tolerance": 0},
    "test_images": {"value": f"{len(x_test):,}", "tolerance": 0},
    "centre_lowest": {
        "value": f"{min(row.min(), column.min()):.2f}", "tolerance": 0
    },
    "centre_highest": {
        "value": f"{max(row.max(), column.max()):.2f}", "tolerance": 0
    },
    "boxed": {"value": f"{(longer_side == 20).sum():,}", "tolerance": 0},
}

# %% arrays
arrays = {"x_train": x_train, "y_train": y_train,
          "x_test": x_test, "y_test": y_test}
pd.DataFrame({
    "shape": [str(a.shape) for a in arrays.values()],
    "type": [str(a.dtype) for a in arrays.values()],
    "smallest": [str(a.min()) for a in arrays.values()],
    "largest": [str(a.max()) for a in arrays.values()],
}, index=pd.Index(arrays, name="array"))

# %% first-digits
grid = [[x_train[y_train == digit][n] for digit in range(10)]
        for n in range(6)]
fig, ax = plt.subplots(figsize=(5.6, 3.5))
ax.imshow(np.block(grid))
ax.set_xticks(14 + 28 * np.arange(10), range(10))
ax.xaxis.tick_top()
ax.tick_params(length=0, labelsize=12)
ax.set_yticks([])
ax.spines[:].set_visible(False)
ax.grid(False)

# %% prepare
x_train = x_train.reshape(-1, 784).astype("float32") / 255
x_test = x_test.reshape(-1, 784).astype("float32") / 255


# %% build
def build(seed, loss="sparse_categorical_crossentropy"):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([
        keras.Input((784,)),
        layers.Dense(hidden_units, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ])
    model.compile(
        optimizer="rmsprop",
        loss=loss,
        metrics=["accuracy"],
        steps_per_execution=20,
    )
    return model


# %% parameters
counts = pd.DataFrame(
    [(784 * hidden_units, hidden_units), (hidden_units * 10, 10)],
    index=pd.Index(["hidden layer", "output layer"], name="layer"),
    columns=["weights", "biases"],
)
counts.loc["network"] = counts.sum()
counts["together"] = counts.sum(axis=1)
counts.map("{:,}".format)

# %% parameters-check tags=["claim"]
parameters = build(seed).count_params()
assert parameters == counts.loc["network", "together"] == 407_050
assert counts.loc["hidden layer", "weights"] > 0.98 * parameters

# %% train
model = build(seed)
history = model.fit(
    x_train, y_train, batch_size=batch_size, epochs=epochs, verbose=0
)

# %% network-values tags=["values"]
updates = -(-len(x_train) // batch_size)  # an epoch, rounded up
{
    "parameters": {"value": f"{model.count_params():,}", "tolerance": 0},
    "updates": {"value": updates, "tolerance": 0},
    "all_updates": {"value": f"{updates * epochs:,}", "tolerance": 0},
}

# %% one-hot
one_hot = keras.utils.to_categorical(y_train)  # (60000, 10)
print(y_train[0], "becomes", one_hot[0])

# %% train-one-hot
twin = build(seed, loss="categorical_crossentropy")
twin.fit(x_train, one_hot, batch_size=batch_size, epochs=epochs, verbose=0)
differences = [
    np.abs(a - b).max()
    for a, b in zip(model.get_weights(), twin.get_weights())
]
print("largest difference between two weights:", max(differences))

# %% same-weights tags=["claim"]
assert max(differences) == 0

# %% mismatch
for loss, labels in (
    ("categorical_crossentropy", y_train),
    ("sparse_categorical_crossentropy", one_hot),
):
    try:
        build(seed, loss).fit(x_train, labels, verbose=0)
    except ValueError as error:
        print(f"{loss}:\n  {error}".replace(". Received", ".\n  Received"))

# %% five-epochs
published = [0.9257, 0.9690, 0.9800, 0.9855, 0.9885]  # L. Marques, 2019
pd.DataFrame({
    "loss": [f"{loss:.4f}" for loss in history.history["loss"]],
    "accuracy": [f"{a:.2%}" for a in history.history["accuracy"]],
    "accuracy in 2019": [f"{a:.2%}" for a in published],
}, index=pd.RangeIndex(1, epochs + 1, name="epoch"))

# %% repeat
networks = [model]
for another in seeds[1:]:
    network = build(another)
    network.fit(
        x_train, y_train, batch_size=batch_size, epochs=epochs, verbose=0
    )
    networks.append(network)


# %% test-accuracy
def right_answers(models, x, y):  # (seeds, n), true where it is right
    return np.array([np.argmax(model(x), axis=1) for model in models]) == y


right = right_answers(networks, x_test, y_test)
accuracy = right.mean(axis=1)  # one a seed
mean, sd = accuracy.mean(), accuracy.std(ddof=1)
factor = 2.776 * np.sqrt(1 + 1 / len(seeds))  # Student's t, 4 degrees
low, high = mean - factor * sd, mean + factor * sd

# %% book-check tags=["claim"]
book, student = 0.9777, 0.9778  # F. Chollet, 2017; L. Marques, 2019
assert low < book < high and low < student < high
assert mean > 0.97 and np.ptp(accuracy) > 0.001
final = history.history["accuracy"]
assert np.abs(np.subtract(final, published)).max() < 0.01
assert final[-1] - accuracy[0] > 0.005

# %% five-seeds
fig, ax = plt.subplots(figsize=(5.6, 1.9))
ax.axvspan(100 * low, 100 * high, color="C0", alpha=0.15, lw=0)
ax.axvline(100 * book, color="C1")
ax.plot(100 * accuracy, np.zeros(len(seeds)), "o", markersize=9)
ax.annotate("the book", (100 * book, 0.7), (6, 0), color="C1",
            textcoords="offset points", va="center")
ax.annotate("range to expect", (100 * low, -0.75), (6, 0), color="C0",
            textcoords="offset points", va="center")
ax.annotate("five seeds", (100 * accuracy.min(), 0), (0, 10), color="C0",
            textcoords="offset points", ha="center")
ax.set(ylim=(-1, 1), yticks=[], xlabel="test accuracy (%)")
ax.spines["left"].set_visible(False)
ax.grid(False)

# %% accuracy-values tags=["values"]
{
    "test_accuracy": {"runs": accuracy, "format": ".2%"},
    "test_lowest": f"{accuracy.min():.2%}",
    "test_highest": f"{accuracy.max():.2%}",
    "range_low": f"{low:.1%}",
    "range_high": f"{high:.1%}",
}

# %% halves
half = len(y_test) // 2
error_first = 1 - right[:, :half].mean()
error_second = 1 - right[:, half:].mean()
tenths = [100 * (1 - part.mean(axis=1))
          for part in np.array_split(right, 10, axis=1)]
tenths = np.array(tenths)  # (10, 5), per cent

# %% two-halves
fig, ax = plt.subplots()
place = np.arange(1, 11)
ax.bar(place, tenths.mean(axis=1), color=5 * ["C1"] + 5 * ["C0"], alpha=0.8)
ax.plot(place, tenths, "o", color="0.3", markersize=3)
top = 1.1 * tenths.max()
ax.set(xlabel="tenth of the test set, in order", ylabel="test error (%)")
ax.set(xticks=place, ylim=(0, 1.1 * top))
for middle, writers, colour in (
    (3, "high-school students", "C1"), (8, "Census employees", "C0")
):
    ax.text(middle, top, writers, color=colour, ha="center")

# %% halves-check tags=["claim"]
assert error_first > 1.5 * error_second

# %% halves-values tags=["values"]
{
    "error_first": {"value": f"{error_first:.2%}", "tolerance": 0.5},
    "error_second": {"value": f"{error_second:.2%}", "tolerance": 0.3},
    "error_ratio": {
        "value": f"{error_first / error_second:.1f}", "tolerance": 0.4
    },
}

# %% validation
fit_size = len(x_train) - len(x_train) // 6
x_fit, x_val = x_train[:fit_size], x_train[fit_size:]
y_fit, y_val = y_train[:fit_size], y_train[fit_size:]


# %% variant
def variant(seed, units=hidden_units, dropout=0.0):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([
        keras.Input((784,)),
        layers.Dense(units, activation="relu"),
        layers.Dropout(dropout),
        layers.Dense(10, activation="softmax"),
    ])
    model.compile(
        optimizer="rmsprop",
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=20,
    )
    return model


# %% watch
class Watch(keras.callbacks.Callback):
    """Notes what EarlyStopping would keep, and what each epoch brings."""

    def on_train_begin(self, logs=None):
        self.answers, self.weights, self.losses = [], [], []

    def on_epoch_end(self, epoch, logs=None):
        self.losses.append(logs["val_loss"])
        self.answers.append(np.argmax(self.model(x_val), axis=1))
        since = len(self.losses) - 1 - self.best()
        if since == 0:
            self.kept = self.model.get_weights()
        weights = self.model.layers[0].get_weights()[0][:, :8]
        small = weights.reshape(14, 2, 14, 2, 8).mean(axis=(1, 3))
        self.weights.append(small.reshape(196, 8).T)

    def best(self):  # as a patient observer sees it
        best = 0
        for epoch, loss in enumerate(self.losses):
            if epoch - best > patience:
                break
            if loss < self.losses[best]:
                best = epoch
        return best


# %% fit
def fitted(seed, epochs=long_epochs, callbacks=None, **design):
    model = variant(seed, **design)
    model.fit(
        x_fit, y_fit, batch_size=batch_size, epochs=epochs,
        validation_data=(x_val, y_val), callbacks=callbacks, verbose=0,
    )
    return model


watches = [Watch() for _ in few_seeds]
plain = [fitted(seed, callbacks=[watch])
         for seed, watch in zip(few_seeds, watches)]

# %% curves
curves = {
    name: np.array([model.history.history[name] for model in plain])
    for name in ("loss", "val_loss", "accuracy", "val_accuracy")
}  # each (3, 20)
average = pd.DataFrame({name: c.mean(axis=0) for name, c in curves.items()})
average.index += 1  # the epoch
turn = average["val_loss"].idxmin()
at_five, at_turn = average.loc[epochs], average.loc[turn]
at_end = average.loc[long_epochs]

# %% learning-curves
fig, panels = plt.subplots(1, 2, figsize=(5.6, 3.2))
for ax, name, unit in zip(panels, ("loss", "accuracy"), (1, 100)):
    for key, colour in ((name, "C0"), (f"val_{name}", "C1")):
        each, middle = unit * curves[key].T, unit * average[key]
        ax.plot(average.index, each, color=colour, lw=1, alpha=0.3)
        ax.plot(average.index, middle, color=colour)
    ax.axvline(turn, color="0.6", lw=1, ls="--", zorder=0)
    ax.set(xlabel="epoch", xticks=[1, 5, 10, 15, 20])
panels[0].set(title="loss", ylim=(0, 0.16))
panels[1].set(title="accuracy (%)", ylim=(95, 100.2))
panels[0].text(turn + 0.5, 0.062, "lowest", color="0.45")
for ax, blue, orange in zip(panels, (0.017, 99.4), (0.098, 97.3)):
    ax.text(9, blue, "training", color="C0")
    ax.text(11, orange, "validation", color="C1")

# %% by-epoch tags=["data"]
shown_epochs = 12  # of the twenty
watch, seen = watches[0], plain[0].history.history
later = watch.answers[2:shown_epochs]
missed = np.any([found != y_val for found in later], axis=0)
followed = np.flatnonzero(missed)[:60]
first = slice(shown_epochs)
small = np.array(watch.weights[first])
{
    "epochs": range(1, shown_epochs + 1),
    "curves": {"validation loss": seen["val_loss"][first]},
    "accuracy": [f"{a:.2%}" for a in seen["val_accuracy"][first]],
    "labels": y_val[followed],
    "answers": [found[followed] for found in watch.answers[first]],
    "filters": np.rint(100 * small / np.abs(small).max()).astype(int),
    "images": x_val[followed].reshape(-1, 28, 28),
}

# %% early-stopping
stop = keras.callbacks.EarlyStopping(
    monitor="val_loss", patience=patience, restore_best_weights=True
)
stopped = fitted(seed, callbacks=[stop])
print(f"stopped after {len(stopped.history.epoch)} epochs")

# %% stopped
early = [variant(seed) for seed in few_seeds]  # what stopping keeps
for model, watch in zip(early, watches):
    model.set_weights(watch.kept)

# %% stopping-check tags=["claim"]
for ours, theirs in zip(early[0].get_weights(), stopped.get_weights()):
    assert np.array_equal(ours, theirs)


# %% confidence
def probabilities(models, x):  # (3, n, 10)
    return np.array([model(x) for model in models])


before, after = probabilities(early, x_val), probabilities(plain, x_val)
wrong_before = before.argmax(axis=2) != y_val
wrong_after = after.argmax(axis=2) != y_val
in_both = wrong_before & wrong_after  # (3, 10000)
sure_early = before.max(axis=2)[in_both].mean()
sure_late = after.max(axis=2)[in_both].mean()

# %% overfitting-check tags=["claim"]
assert at_five["val_loss"] < 1.05 * at_turn["val_loss"]
assert at_five["accuracy"] - at_five["val_accuracy"] > 0.005
assert at_end["val_loss"] > 1.03 * at_turn["val_loss"]
assert at_end["val_accuracy"] > at_turn["val_accuracy"] + 0.001
assert at_end["accuracy"] > 0.999
assert sure_late > sure_early
assert wrong_after.sum() < wrong_before.sum()

# %% overfitting-values tags=["values"]
rise = at_end["val_loss"] / at_turn["val_loss"] - 1
gap_at_five = 100 * (at_five["accuracy"] - at_five["val_accuracy"])
kept_epochs = [watch.best() + 1 for watch in watches]
{
    "turn": {"value": int(turn), "tolerance": 5},
    "gap_at_five": {"value": f"{gap_at_five:.1f}", "tolerance": 0.3},
    "loss_at_turn": {"value": f"{at_turn['val_loss']:.3f}", "tolerance": 0.01},
    "loss_at_end": {"value": f"{at_end['val_loss']:.3f}", "tolerance": 0.01},
    "loss_rise": {"value": f"{rise:.0%}", "tolerance": 8},
    "validation_at_turn": f"{at_turn['val_accuracy']:.2%}",
    "validation_at_end": f"{at_end['val_accuracy']:.2%}",
    "training_at_end": f"{at_end['accuracy']:.2%}",
    "finished_epochs": {"value": finished_epochs, "tolerance": 0},
    "earliest_kept": {"value": min(kept_epochs), "tolerance": 3},
    "latest_kept": {"value": max(kept_epochs), "tolerance": 3},
    "wrong_early": {
        "value": f"{wrong_before.sum(axis=1).mean():.0f}", "tolerance": 30
    },
    "wrong_late": {
        "value": f"{wrong_after.sum(axis=1).mean():.0f}", "tolerance": 20
    },
    "wrong_in_both": {
        "value": f"{in_both.sum(axis=1).mean():.0f}", "tolerance": 20
    },
    "sure_early": {"value": f"{sure_early:.0%}", "tolerance": 4},
    "sure_late": {"value": f"{sure_late:.0%}", "tolerance": 4},
}


# %% shifted
def shifted(x, rng):  # each image by -1, 0 or 1 pixel, down and across
    padded = np.pad(x.reshape(-1, 28, 28), ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(
        padded, (28, 28), axis=(1, 2)
    )  # (n, 3, 3, 28, 28)
    down, across = rng.integers(3, size=(2, len(x)))
    return windows[np.arange(len(x)), down, across].reshape(-1, 784)


# %% slow-finish
def rate(epoch, _):
    return 0.001 if epoch < 0.75 * finished_epochs else 0.0001


slow_finish = keras.callbacks.LearningRateScheduler(rate)


def finished(**design):
    return [
        fitted(seed, finished_epochs, [slow_finish], **design)
        for seed in few_seeds
    ]


# %% fit-shifted
def fitted_to_shifted(seed):
    model = variant(seed)
    rng = np.random.default_rng(seed)
    for epoch in range(finished_epochs):
        model.fit(
            shifted(x_fit, rng), y_fit, batch_size=batch_size,
            initial_epoch=epoch, epochs=epoch + 1,
            callbacks=[slow_finish], verbose=0,
        )
    return model


# %% recipes
recipes = {
    "plain": finished(),
    "64 units": finished(units=64),
    "dropout": finished(dropout=0.5),
    "shifted copies": [fitted_to_shifted(seed) for seed in few_seeds],
}


# %% score
def score(x, y):
    return {name: right_answers(m, x, y) for name, m in recipes.items()}


training = {name: r.mean() for name, r in score(x_fit, y_fit).items()}
validation = {name: r.mean() for name, r in score(x_val, y_val).items()}
test = score(x_test, y_test)  # each (3, 10000)
gap = {name: training[name] - test[name].mean() for name in recipes}


# %% change
def change(before, after):  # both (3, n), true where the answer is right
    by_image = after.mean(axis=0) - before.mean(axis=0)
    by_seed = before.mean(axis=1), after.mean(axis=1)
    images = by_image.var() / len(by_image)
    seeds = np.var(by_seed, axis=1, ddof=1).sum() / len(before)
    return 100 * by_image.mean(), 200 * np.sqrt(images + seeds)


def verdict(gain, margin):  # the one rule for text, colour and claim
    if abs(gain) <= margin:
        return "not settled"
    return "better" if gain > 0 else "worse"


changes = {name: change(test["plain"], right)
           for name, right in test.items() if name != "plain"}
verdicts = {name: verdict(*changes[name]) for name in changes}
twenty = {name: right_answers(models, x_test, y_test)
          for name, models in (("stopped", early), ("trained on", plain))}
stopping = change(twenty["trained on"], twenty["stopped"])

# %% what-helps
pd.DataFrame({
    "training": [f"{training[name]:.2%}" for name in recipes],
    "validation": [f"{validation[name]:.2%}" for name in recipes],
    "test": [f"{test[name].mean():.2%}" for name in recipes],
    "gap": [f"{gap[name]:.2%}" for name in recipes],
}, index=pd.Index(recipes, name="recipe"))

# %% gains
rows = changes | {"stopped early": stopping}
order = sorted(rows, key=lambda name: rows[name][0])
colours = {"better": "C0", "worse": "C1", "not settled": "0.45"}
fig, ax = plt.subplots(figsize=(5.6, 2.6))
for place, name in enumerate(order):
    gain, margin = rows[name]
    colour = colours[verdict(gain, margin)]
    ax.errorbar(gain, place, xerr=margin, fmt="o", color=colour, markersize=8)
    ax.text(gain, place + 0.2, verdict(gain, margin), color=colour,
            ha="center")
ax.axvline(0, color="0.45", lw=1)
ax.set_yticks(range(len(order)), order)
ax.set_ylim(top=len(order) - 0.4)
ax.tick_params(axis="y", length=0)
ax.set_xlabel("change in test accuracy (points)")
ax.spines["left"].set_visible(False)
ax.grid(False)

# %% helps-check tags=["claim"]
assert verdicts["shifted copies"] == "better"
assert verdicts["64 units"] == "worse"
assert changes["shifted copies"][0] == max(c[0] for c in changes.values())
assert gap["64 units"] < gap["plain"]

# %% helps-values tags=["values"]
mistakes = {name: 1 - right.mean() for name, right in test.items()}
fewer = 1 - mistakes["shifted copies"] / mistakes["plain"]
{
    "test_plain": f"{test['plain'].mean():.2%}",
    "test_shifted": f"{test['shifted copies'].mean():.2%}",
    "gain_shifted": {
        "value": f"{changes['shifted copies'][0]:.2f}", "tolerance": 0.2
    },
    "fewer_mistakes": {"value": f"{fewer:.0%}", "tolerance": 10},
    "loss_small": {"value": f"{-changes['64 units'][0]:.2f}",
                   "tolerance": 0.3},
    "gap_plain": {"value": f"{100 * gap['plain']:.1f}", "tolerance": 0.3},
    "gap_small": {"value": f"{100 * gap['64 units']:.1f}", "tolerance": 0.4},
    "dropout": verdicts["dropout"],
    "stopping": verdict(*stopping),
}
