# %% [markdown]
# From arrays of grey levels to a network that reads handwritten digits, with
# every step visible: the data, three simple readers to beat, the layers by
# hand, one step in numbers, training, what changes inside, the test, and what
# breaks it.

# %% setup
import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import tensorflow as tf
from keras import layers

# %% experiment
hidden_units = 128
batch_size = 128  # images per update
epochs = 5  # passes over the training images
seed = 42  # of the network that is shown
seeds = [seed + i for i in range(5)]  # of those that are tested
few_seeds = seeds[:3]  # for the trial without scaling
shown_units = 16  # hidden units whose weights are drawn
shown_images = 1000  # test images on the maps

# %% load
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()

# %% shapes
print("x_train", x_train.shape, x_train.dtype)
print("y_train", y_train.shape, y_train.dtype)
print("x_test ", x_test.shape, x_test.dtype)
print("y_test ", y_test.shape, y_test.dtype)

# %% one-image
for row in x_train[0][5:20]:  # rows 5 to 19 of 28, without their margins
    print(" ".join(f"{level:3}" for level in row[4:24]))

# %% digit-as-numbers
top, left, size = 11, 11, 8  # the part whose numbers are shown
part = x_train[0][top:top + size, left:left + size]
fig, (whole, close) = plt.subplots(1, 2, figsize=(5.6, 2.9))
whole.imshow(x_train[0])
frame = plt.Rectangle((left - 0.5, top - 0.5), size, size, fill=False)
frame.set(edgecolor="C1", linewidth=2)
whole.add_patch(frame)
close.imshow(part, alpha=0.25)
for (row, column), level in np.ndenumerate(part):
    close.text(column, row, level, ha="center", va="center")
close.spines[:].set(visible=True, color="C1", linewidth=2)
whole.spines[:].set_visible(True)
for ax in (whole, close):
    ax.set(xticks=[], yticks=[])
    ax.grid(False)

# %% averages
averages = np.stack([x_train[y_train == d].mean(axis=0) for d in range(10)])


# %% hands
def from_typical_to_odd(digit, steps=12):
    images = x_train[y_train == digit]
    distance = ((images - averages[digit]) ** 2).sum(axis=(1, 2))
    places = np.linspace(0, len(images) - 1, steps).astype(int)
    return np.hstack(images[distance.argsort()[places]])


fig, ax = plt.subplots(figsize=(5.6, 4.9))
ax.imshow(np.vstack([from_typical_to_odd(digit) for digit in range(10)]))
ax.set_yticks(14 + 28 * np.arange(10), range(10))
ax.set_xticks([14, 28 * 12 - 14], ["typical", "odd"])
ax.xaxis.tick_top()
ax.tick_params(length=0, labelsize=12)
ax.spines[:].set_visible(False)
ax.grid(False)

# %% how-many
train_counts = np.bincount(y_train, minlength=10)
test_counts = np.bincount(y_test, minlength=10)

# %% data-check tags=["claim"]
shares = np.stack([train_counts, test_counts])
shares = shares / shares.sum(axis=1, keepdims=True)
assert x_train.shape[1:] == x_test.shape[1:] == (28, 28)
assert x_train.min() == 0 and x_train.max() == 255
assert train_counts.argmax() == 1 and train_counts.argmin() == 5
assert abs(shares[0] - shares[1]).max() < 0.01

# %% data-values tags=["values"]
{
    "train_images": {"value": f"{len(x_train):,}", "tolerance": 0},
    "test_images": {"value": f"{len(x_test):,}", "tolerance": 0},
    "pixels": {"value": x_train[0].size, "tolerance": 0},
    "first_label": {"value": int(y_train[0]), "tolerance": 0},
    "most": {"value": f"{train_counts.max():,}", "tolerance": 0},
    "fewest": {"value": f"{train_counts.min():,}", "tolerance": 0},
    "blank_share": {"value": f"{(x_train == 0).mean():.0%}", "tolerance": 0},
}

# %% nearest-average
flat = averages.reshape(10, -1)  # (10, 784)
images = x_test.reshape(len(x_test), -1)  # (10000, 784)
distance = (flat**2).sum(axis=1) - 2 * (images @ flat.T)  # less |x|²
nearest = distance.argmin(axis=1)


# %% least-squares
def with_one(images):  # (n, 785): the pixels from 0 to 1, and a constant
    pixels = images.reshape(len(images), -1) / 255
    return np.column_stack([pixels, np.ones(len(images))])


a = with_one(x_train)
targets = np.eye(10)[y_train]  # (60000, 10): 1 at the label, 0 elsewhere
solution = np.linalg.lstsq(a.T @ a, a.T @ targets, rcond=None)[0]
linear = (with_one(x_test) @ solution).argmax(axis=1)

# %% baselines
most_common = train_counts.argmax()
simple = {
    f'always "{most_common}"': np.full(len(y_test), most_common),
    "nearest average digit": nearest,
    "least squares": linear,
}
simple = {name: answers == y_test for name, answers in simple.items()}
pd.DataFrame({
    "right": [f"{right.mean():.2%}" for right in simple.values()],
    "mistakes": [f"{(~right).sum():,}" for right in simple.values()],
}, index=pd.Index(simple, name="reader"))

# %% baselines-check tags=["claim"]
always, average, squares = (right.mean() for right in simple.values())
assert always == 0.1135
assert abs(average - 0.8203) < 0.0005
assert abs(squares - 0.8603) < 0.0005
apart = ((flat[:, None] - flat) ** 2).sum(axis=2) + 1e9 * np.eye(10)
assert np.unravel_index(apart.argmin(), apart.shape) == (4, 9)

# %% baselines-values tags=["values"]
{
    "always_one": {"value": f"{always:.2%}", "tolerance": 0},
    "nearest_average": {"value": f"{average:.2%}", "tolerance": 0.05},
    "least_squares": {"value": f"{squares:.2%}", "tolerance": 0.05},
}

# %% average-digits
fig, axes = plt.subplots(2, 5, figsize=(5.6, 2.6))
for digit, ax in enumerate(axes.flat):
    ax.imshow(averages[digit])
    ax.set_title(digit, loc="center")
    ax.axis("off")

# %% prepare
x_train = x_train.reshape(-1, 784).astype("float32") / 255
x_test = x_test.reshape(-1, 784).astype("float32") / 255
updates = -(-len(x_train) // batch_size)  # in an epoch, rounded up


# %% build
def build(seed):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([
        keras.Input((784,)),
        layers.Dense(hidden_units, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ])
    model.compile(
        optimizer="adam",
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


model = build(seed)
print(f"{model.count_params():,} parameters")


# %% by-hand
def by_hand(model, x):
    w1, b1, w2, b2 = model.get_weights()
    hidden = np.maximum(x @ w1 + b1, 0)  # (n, 128)
    raw = hidden @ w2 + b2  # (n, 10)
    powers = np.exp(raw)
    return hidden, powers / powers.sum(axis=1, keepdims=True)


hidden_before, answers_before = by_hand(model, x_test)

# %% by-hand-check tags=["claim"]
from_keras = model.predict(x_test, verbose=0)
assert np.allclose(answers_before, from_keras, atol=1e-5)
assert np.allclose(from_keras.sum(axis=1), 1, atol=1e-5)
assert model.count_params() == 785 * hidden_units + (hidden_units + 1) * 10

# %% untrained
untrained = np.array([
    build(s).evaluate(x_train, y_train, batch_size=1000, verbose=0)
    for s in seeds
])  # (5, 2): loss and accuracy

# %% untrained-check tags=["claim"]
assert abs(untrained[:, 0].mean() - np.log(10)) < 0.3
assert abs(untrained[:, 1].mean() - 0.1) < 0.06
assert np.isclose(float(model.optimizer.learning_rate), 0.001)

# %% start-values tags=["values"]
{
    "hidden_units": {"value": hidden_units, "tolerance": 0},
    "parameters": {"value": f"{model.count_params():,}", "tolerance": 0},
    "ln_ten": {"value": f"{np.log(10):.3f}", "tolerance": 0},
    "loss_before": {
        "value": f"{untrained[:, 0].mean():.2f}", "tolerance": 0.1
    },
    "accuracy_before": {
        "value": f"{untrained[:, 1].mean():.1%}", "tolerance": 4
    },
    "learning_rate": {
        "value": f"{float(model.optimizer.learning_rate):g}", "tolerance": 0
    },
    "batch_size": {"value": batch_size, "tolerance": 0},
    "epochs": {"value": epochs, "tolerance": 0},
    "updates": {"value": updates, "tolerance": 0},
    "all_updates": {"value": f"{updates * epochs:,}", "tolerance": 0},
}


# %% one-step
def loss_of(weights):  # for the first 128 training images
    model.set_weights(weights)
    x, y = x_train[:batch_size], y_train[:batch_size]
    return keras.losses.SparseCategoricalCrossentropy()(y, model(x))


weights = model.get_weights()  # still untrained
with tf.GradientTape() as tape:
    loss = loss_of(weights)
slopes = tape.gradient(loss, model.trainable_variables)
slopes = [slope.numpy() for slope in slopes]

# %% one-weight
place = np.unravel_index(np.abs(slopes[0]).argmax(), slopes[0].shape)
weight, slope = weights[0][place], slopes[0][place]
alone = [w.copy() for w in weights]
alone[0][place] -= 0.1 * slope  # against its slope
moved = [w - 0.1 * s for w, s in zip(weights, slopes)]
print(f"one weight {weight:+.4f}, its slope {slope:+.4f}")
print(f"the weight after the step {alone[0][place]:+.4f}")
print(f"loss before {loss_of(weights):.5f}")
print(f"loss with this weight moved {loss_of(alone):.5f}")
print(f"loss with all of them moved {loss_of(moved):.5f}")

# %% one-step-check tags=["claim"]
before, by_one, by_all = [
    float(loss_of(w)) for w in (weights, alone, moved)
]
assert abs((before - by_one) / (0.1 * slope**2) - 1) < 0.2
assert by_all < before - 0.02
assert by_one < before

# %% one-step-values tags=["values"]
{
    "step_before": {"value": f"{before:.2f}", "tolerance": 0.15},
    "step_all": {"value": f"{by_all:.2f}", "tolerance": 0.15},
}


# %% first-epoch
def first_epoch(seed, scale):
    x = scale * x_train
    before = build(seed).evaluate(x, y_train, batch_size=1000, verbose=0)
    trial = build(seed)
    history = trial.fit(x, y_train, batch_size=batch_size, verbose=0)
    history = history.history
    return before[0], history["loss"][0], history["accuracy"][0]


unscaled = np.mean([first_epoch(s, 255) for s in few_seeds], axis=0)
scaled = np.mean([first_epoch(s, 1) for s in few_seeds], axis=0)

# %% scaling
trials = {"0 to 255": unscaled, "0 to 1": scaled}
pd.DataFrame({
    "loss before": [f"{t[0]:.2f}" for t in trials.values()],
    "loss in epoch 1": [f"{t[1]:.2f}" for t in trials.values()],
    "right in epoch 1": [f"{t[2]:.2%}" for t in trials.values()],
}, index=pd.Index(trials, name="inputs"))

# %% train
model = build(seed)
start = model.get_weights()
rng = np.random.default_rng(seed)
losses = []
for _ in range(epochs):
    order = rng.permutation(len(x_train))
    for first in range(0, len(order), batch_size):
        batch = order[first:first + batch_size]
        loss, _ = model.train_on_batch(x_train[batch], y_train[batch])
        losses.append(float(loss))
end = model.get_weights()

# %% loss-per-batch
losses = np.array(losses)  # (2345,)
window = 50
smooth = np.convolve(losses, np.ones(window) / window, mode="valid")
place = np.arange(1, len(losses) + 1) / updates
middle = np.arange(len(smooth)) + window / 2 + 0.5
fig, ax = plt.subplots()
ax.axhline(np.log(10), color="0.6", lw=1, ls="--")
ax.text(epochs, np.log(10) + 0.05, "ten equal scores", color="0.4", ha="right")
ax.plot(place, losses, lw=0.8, alpha=0.4)
ax.plot(middle / updates, smooth, color="C1")
ax.text(0.09, 1.4, "one batch", color="C0")
ax.text(0.4, 0.45, f"mean of {window} batches", color="C1")
ax.set(xlabel="epoch", ylabel="loss", ylim=(0, 2.6), xlim=(-0.05, epochs))

# %% loss-check tags=["claim"]
assert losses[:updates].mean() < 0.5 < losses[0]
assert losses[-updates:].mean() < 0.5 * losses[:updates].mean()
assert (losses < 1).argmax() < updates // 5

# %% loss-values tags=["values"]
first_below_one = 1 + int(np.argmax(losses < 1))
{
    "first_loss": {"value": f"{losses[0]:.2f}", "tolerance": 0.3},
    "below_one": {"value": first_below_one, "tolerance": 15},
    "loss_first_epoch": {
        "value": f"{losses[:updates].mean():.2f}", "tolerance": 0.03
    },
    "loss_last_epoch": {
        "value": f"{losses[-updates:].mean():.3f}", "tolerance": 0.01
    },
    "unscaled_loss": {"value": f"{unscaled[1]:.1f}", "tolerance": 2},
    "scaled_loss": {"value": f"{scaled[1]:.2f}", "tolerance": 0.03},
    "unscaled_before": {"value": f"{unscaled[0]:.0f}", "tolerance": 40},
    "unscaled_accuracy": {"value": f"{unscaled[2]:.1%}", "tolerance": 1.5},
    "scaled_accuracy": {"value": f"{scaled[2]:.1%}", "tolerance": 1},
}

# %% scaling-check tags=["claim"]
assert unscaled[1] > 5 * scaled[1] and unscaled[0] > 10 * scaled[0]
assert unscaled[2] < scaled[2] - 0.01

# %% what-units-look-for
fig, panels = plt.subplots(1, 2, figsize=(5.6, 3.1))
largest = np.abs(end[0][:, :shown_units]).max()
for ax, weights, title in zip(panels, (start, end), ("before", "after")):
    units = weights[0].T[:shown_units].reshape(4, 4, 28, 28)
    gap = ((0, 0), (0, 0), (0, 2), (0, 2))
    units = np.pad(units, gap, constant_values=np.nan)
    picture = units.swapaxes(1, 2).reshape(120, 120)
    ax.imshow(picture, cmap="RdBu_r", vmin=-largest, vmax=largest)
    ax.set_title(f"{title} training")
    ax.axis("off")

# %% blank-pixels
blank = ~x_train.any(axis=0)  # (784,): no ink there in any image
change = np.abs(end[0] - start[0])
print(blank.sum(), "pixels are blank in every training image;")
print("largest change of their weights:", change[blank].max())
print("largest change of the others:   ", f"{change[~blank].max():.2f}")

# %% blank-check tags=["claim"]
assert change[blank].max() == 0
assert change[~blank].max() > 0.1

# %% hidden-after
hidden_after, answers_after = by_hand(model, x_test)


# %% map
def on_a_map(points):  # (n, any) to (n, 2), and the share that is kept
    centred = points - points.mean(axis=0)
    _, spread, axes = np.linalg.svd(centred, full_matrices=False)
    kept = (spread[:2] ** 2).sum() / (spread**2).sum()
    return centred @ axes[:2].T, kept


some = np.random.default_rng(seed).permutation(len(x_test))[:shown_images]
stages = {
    "pixels": x_test[some],
    "hidden layer, before": hidden_before[some],
    "hidden layer, after": hidden_after[some],
}
maps = {name: on_a_map(points) for name, points in stages.items()}

# %% coming-apart
labels = y_test[some]
fig, panels = plt.subplots(2, 1, figsize=(5.6, 7.2))
for ax, when in zip(panels, ("before", "after")):
    points, _ = maps[f"hidden layer, {when}"]
    for digit in range(10):
        across, up = points[labels == digit].T
        colour = plt.cm.tab10(digit)
        ax.scatter(across, up, s=22, color=colour, alpha=0.5, linewidths=0,
                   marker=f"${digit}$")
        ax.text(np.median(across), np.median(up), digit, color=colour,
                size=20, weight="bold", ha="center", va="center")
    ax.set(title=f"{when} training", xticks=[], yticks=[])
    ax.grid(False)
    ax.spines[:].set_visible(False)


# %% same-neighbour
def same_neighbour(points):
    squares = (points**2).sum(axis=1)
    apart = squares[:, None] - 2 * points @ points.T + squares
    np.fill_diagonal(apart, np.inf)
    return (labels[apart.argmin(axis=1)] == labels).mean()


def between_classes(points):  # the share of the spread that lies there
    middles = np.array([points[labels == d].mean(axis=0) for d in labels])
    return middles.var(axis=0).sum() / points.var(axis=0).sum()


everywhere = [same_neighbour(points) for points in stages.values()]
on_map = [same_neighbour(points) for points, _ in maps.values()]
between = [between_classes(points) for points, _ in maps.values()]

# %% neighbours
pd.DataFrame({
    "numbers": [f"{points.shape[1]}" for points in stages.values()],
    "same digit": [f"{share:.0%}" for share in everywhere],
    "on the map": [f"{share:.0%}" for share in on_map],
}, index=pd.Index(stages, name="described by"))

# %% map-check tags=["claim"]
from_keras = model.predict(x_test, verbose=0)
assert np.allclose(answers_after, from_keras, atol=1e-4)
pixels, before, after = everywhere
assert before < pixels - 0.02 and after > pixels + 0.02
assert on_map[2] > on_map[1] + 0.08
assert between[2] > between[1] + 0.1

# %% map-values tags=["values"]
kept = [share for _, share in maps.values()]
{
    "shown_images": {"value": f"{len(labels):,}", "tolerance": 0},
    "same_pixels": {"value": f"{pixels:.0%}", "tolerance": 3},
    "same_before": {"value": f"{before:.0%}", "tolerance": 4},
    "same_after": {"value": f"{after:.0%}", "tolerance": 3},
    "neighbour_error": {
        "value": f"{196 * np.sqrt(after * (1 - after) / len(labels)):.1f}",
        "tolerance": 0.4,
    },
    "between_before": {"value": f"{between[1]:.0%}", "tolerance": 10},
    "between_after": {"value": f"{between[2]:.0%}", "tolerance": 10},
    "kept_before": {"value": f"{kept[1]:.0%}", "tolerance": 6},
    "kept_after": {"value": f"{kept[2]:.0%}", "tolerance": 6},
    "blank_pixels": {"value": int(blank.sum()), "tolerance": 0},
}

# %% predict
scores = model.predict(x_test, verbose=0)  # (10000, 10)
answers = scores.argmax(axis=1)
for digit in range(10):
    print(f"{digit}: {scores[0, digit]:8.3%}")
print("answer:", answers[0], " label:", y_test[0])

# %% three-images
right = answers == y_test
sure = scores.max(axis=1)
easy = np.where(right, sure, 0).argmax()
hard = np.where(right, sure, 1).argmin()
wrong = np.where(right, 0, sure).argmax()

# %% three-answers
fig, panels = plt.subplots(
    2, 3, figsize=(5.6, 3.9), height_ratios=[1.1, 1], sharey="row"
)
cases = {"easy": easy, "hard": hard, "wrong": wrong}
for (image, bars), (name, i) in zip(panels.T, cases.items()):
    image.imshow(x_test[i].reshape(28, 28))
    image.set_title(f"{name}: a {y_test[i]}", loc="center")
    image.axis("off")
    colours = ["C0" if d == y_test[i] else "C1" for d in range(10)]
    bars.bar(range(10), 100 * scores[i], color=colours)
    bars.set(xticks=range(10), ylim=(0, 105), yticks=[0, 50, 100])
    bars.tick_params(axis="x", length=0)
panels[1, 0].set_ylabel("score (%)")
panels[1, 1].set_xlabel("digit")

# %% predict-check tags=["claim"]
assert right[0] and sure[easy] > 0.999 and sure[wrong] > 0.9
assert sure[hard] < 0.5
assert sure[right].mean() > sure[~right].mean() + 0.1

# %% predict-values tags=["values"]
{
    "easy_label": {"value": int(y_test[easy]), "tolerance": 0},
    "hard_label": {"value": int(y_test[hard]), "tolerance": 0},
    "hard_score": {"value": f"{sure[hard]:.0%}", "tolerance": 15},
    "wrong_label": {"value": int(y_test[wrong]), "tolerance": 0},
    "wrong_answer": {"value": int(answers[wrong]), "tolerance": 0},
    "wrong_score": {"value": f"{sure[wrong]:.1%}", "tolerance": 3},
    "sure_right": {"value": f"{sure[right].mean():.0%}", "tolerance": 3},
    "sure_wrong": {"value": f"{sure[~right].mean():.0%}", "tolerance": 8},
}

# %% five-seeds
def trained(seed):
    network = build(seed)
    network.fit(
        x_train, y_train, batch_size=batch_size, epochs=epochs, verbose=0
    )
    return network


networks = [trained(s) for s in seeds]


# %% test
def accuracy(x, y):  # of every network
    return np.array([
        network.evaluate(x, y, batch_size=1000, verbose=0)[1]
        for network in networks
    ])


training = accuracy(x_train, y_train)
test = accuracy(x_test, y_test)
mean, sd = test.mean(), test.std(ddof=1)

# %% five-networks
mistakes = np.rint((1 - test) * len(y_test))
pd.DataFrame({
    "training": [f"{value:.2%}" for value in training],
    "test": [f"{value:.2%}" for value in test],
    "gap (points)": [f"{100 * g:.2f}" for g in training - test],
    "mistakes": [f"{number:.0f}" for number in mistakes],
}, index=pd.Index(seeds, name="seed"))

# %% test-check tags=["claim"]
people = 0.002  # their error as it is commonly quoted
assert mean > 0.965 and test.min() > 0.96 and sd < 0.005
assert (~simple["least squares"]).sum() > 4 * mistakes.mean()
assert (training - test).min() > 0.005
assert 1 - mean > 10 * people

# %% test-values tags=["values"]
sampling = 1.96 * np.sqrt(mean * (1 - mean) / len(y_test))
{
    "test_accuracy": {"runs": test, "format": ".2%"},
    "sampling": {"value": f"{100 * sampling:.2f}", "tolerance": 0.03},
    "training_accuracy": f"{training.mean():.2%}",
    "gap": {
        "value": f"{100 * (training - test).mean():.1f}", "tolerance": 0.3
    },
    "mistakes": {"value": f"{mistakes.mean():.0f}", "tolerance": 25},
    "squares_mistakes": {
        "value": f"{(~simple['least squares']).sum():,}", "tolerance": 5
    },
    "times_people": {"value": f"{(1 - mean) / people:.0f}", "tolerance": 2},
    "test_seeds": {"value": len(seeds), "tolerance": 0},
}

# %% moved
def moved_right(x, pixels):
    images = x.reshape(-1, 28, 28)
    wider = np.pad(images, ((0, 0), (0, 0), (pixels, 0)))
    return wider[:, :, :28].reshape(-1, 784)


distances = range(7)
by_distance = np.array(
    [accuracy(moved_right(x_test, d), y_test) for d in distances]
)  # (7, 5)

# %% other-inputs
others = {
    "as they come": by_distance[0],
    "4 pixels to the right": by_distance[4],
    "dark and light swapped": accuracy(1 - x_test, y_test),
}
pd.DataFrame(
    {"right": [f"{v.mean():.1%}" for v in others.values()],
     "lowest": [f"{v.min():.1%}" for v in others.values()],
     "highest": [f"{v.max():.1%}" for v in others.values()]},
    index=pd.Index(others, name="test images"),
)

# %% nudged
shifted = np.array([moved_right(x_test, d) for d in distances])
read = np.array([by_hand(networks[0], x)[1].argmax(axis=1) for x in shifted])
shown = np.flatnonzero((read[0] == y_test) & (read[4] != y_test))[0]
fig = plt.figure(figsize=(5.6, 4.3))
grid = fig.add_gridspec(2, len(distances), height_ratios=[1, 2.6])
for d in distances:
    ax = fig.add_subplot(grid[0, d])
    ax.imshow(shifted[d, shown].reshape(28, 28))
    ax.set_title(f"“{read[d, shown]}”", loc="center", color=(
        "C0" if read[d, shown] == y_test[shown] else "C1"))
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color="0.7")
ax = fig.add_subplot(grid[1, :])
ax.plot(distances, 100 * by_distance, color="C0", lw=1, alpha=0.4)
ax.plot(distances, 100 * by_distance.mean(axis=1), "o-", color="C0")
ax.set(xlabel="pixels to the right", ylabel="read correctly (%)",
       ylim=(0, 104), xticks=distances)

# %% nudged-check tags=["claim"]
assert by_distance[4].max() < 0.5
assert by_distance[1].min() > 0.9
assert (np.diff(by_distance[:5], axis=0) < 0).all()
assert others["dark and light swapped"].max() < 0.25

# %% nudged-values tags=["values"]
{
    "moved_two": {"value": f"{by_distance[2].mean():.0%}", "tolerance": 4},
    "moved_four": {"value": f"{by_distance[4].mean():.0%}", "tolerance": 6},
    "swapped": {
        "value": f"{others['dark and light swapped'].mean():.0%}",
        "tolerance": 5,
    },
    "nudged_label": {"value": int(y_test[shown]), "tolerance": 0},
    "nudged_answer": {"value": int(read[4, shown]), "tolerance": 0},
}

# %% network
hidden, ten = by_hand(networks[0], x_test[:1])
heights = np.r_[np.linspace(1.5, 0.35, 6), np.linspace(-0.35, -1.5, 6)]
active = np.clip(hidden[0, :12] / hidden[0, :12].max(), 0.02, 1)
places = np.linspace(1.6, -1.6, 10)
fig, ax = plt.subplots(figsize=(5.6, 3.7))
ax.axis("off")
ax.imshow(x_test[0].reshape(28, 28), extent=(0, 2.4, -1.2, 1.2))
for height in heights:
    ax.plot([2.5, 4], [0, height], color="0.8", lw=0.7, zorder=0)
    ends = np.broadcast_to(height, 10), places
    ax.plot([4, 6.3], ends, color="0.85", lw=0.5, zorder=0)
ax.scatter([4] * 12, heights, 110, "C0", alpha=active, zorder=2)
ax.scatter([4] * 12, heights, 110, "none", edgecolors="C0", zorder=3)
ax.text(4, 0, "⋮", ha="center", va="center")
ax.scatter([6.3] * 10, places, 110, "C1", alpha=ten[0], zorder=2)
ax.scatter([6.3] * 10, places, 110, "none", edgecolors="C1", zorder=3)
for digit, (height, score) in enumerate(zip(places, ten[0])):
    ax.text(6.6, height, f"{digit}  {score:.1%}", va="center", size=10)
for x, words in ((1.2, "784 pixels"), (4, f"{hidden_units} hidden units"),
                 (6.5, "10 scores")):
    ax.text(x, 2, words, ha="center", weight="bold")
ax.set(xlim=(-0.1, 7.6), ylim=(-1.9, 2.3), aspect="auto")

# %% network-check tags=["claim"]
assert ten.argmax() == y_test[0] == 7

# %% samples tags=["data"]
firsts = [np.flatnonzero(y_test == digit)[0] for digit in range(10)]
order = [shown, *[i for i in firsts if i != shown]]
{"labels": y_test[order], "images": x_test[order].reshape(-1, 28, 28)}

# %% reader tags=["model"]
networks[0]

# %% save
model.save("digit-reader.keras")
reader = keras.saving.load_model("digit-reader.keras")
same = reader.predict(x_test, verbose=0) == scores
print(f"{same.mean():.0%} of {same.size:,} scores are the same")

# %% save-check tags=["claim"]
assert same.all()
