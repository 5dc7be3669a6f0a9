# %% [markdown]
# What a convolutional network knows about pictures that a dense one does not:
# both trained on digits and on shuffled digits, moved, taken apart, and set
# beside the published results since 1998.

# %% setup
import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from keras import layers

# %% experiment
batch_size = 64  # images per update
epochs = 5  # passes over the training images
start_rate = 0.003  # learning rate at the start of the cosine
dropout = 0.25  # share of the last layer's inputs left out at random
hidden_units = 512  # in the dense network
seed = 42
seeds = [seed, seed + 1, seed + 2]

# %% load
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train = x_train[..., np.newaxis].astype("float32") / 255
x_test = x_test[..., np.newaxis].astype("float32") / 255

# %% data-values tags=["values"]
{
    "train_images": {"value": f"{len(x_train):,}", "tolerance": 0},
    "test_images": {"value": f"{len(x_test):,}", "tolerance": 0},
    "updates": {"value": f"{-(-len(x_train) // batch_size):,}",
                "tolerance": 0},
}

# %% convolve
digit = x_test[0, :, :, 0]  # (28, 28)
kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])


def convolve(image, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(image, (3, 3))
    return (windows * kernel).sum(axis=(2, 3))  # (26, 26)


def pool(image):  # the largest of each 2 × 2 square
    height, width = image.shape[0] // 2, image.shape[1] // 2
    return image.reshape(height, 2, width, 2).max(axis=(1, 3))


# %% convolve-in-keras
feature_map = convolve(digit, kernel)
pooled = pool(feature_map)
convolution = layers.Conv2D(1, 3, use_bias=False)
convolution.build((None, 28, 28, 1))
convolution.set_weights([kernel.reshape(3, 3, 1, 1)])
in_keras = convolution(digit.reshape(1, 28, 28, 1))
pooled_in_keras = layers.MaxPooling2D(2)(in_keras)
down = np.roll(digit, 2, axis=0)

# %% convolve-check tags=["claim"]
assert np.allclose(feature_map, in_keras[0, :, :, 0], atol=1e-5)
assert np.allclose(pooled, pooled_in_keras[0, :, :, 0], atol=1e-5)
assert np.array_equal(convolve(down, kernel)[2:], feature_map[:-2])

# %% frames
middle = np.array(np.unravel_index(feature_map.argmax(), feature_map.shape))
largest = np.abs(feature_map).max()
panels = [
    ("input, 28 × 28", digit, {}, middle, 3),
    ("filter, 3 × 3", kernel, {"cmap": "RdBu_r", "vmin": -6, "vmax": 6},
     None, 0),
    ("feature map, 26 × 26", feature_map,
     {"cmap": "RdBu_r", "vmin": -largest, "vmax": largest}, middle, 1),
    ("pooled, 13 × 13", pooled,
     {"cmap": "RdBu_r", "vmin": -largest, "vmax": largest}, middle // 2, 1),
]

# %% sliding
fig, axes = plt.subplots(2, 2, figsize=(5.6, 5.6))
for ax, (title, image, colours, place, side) in zip(axes.flat, panels):
    ax.imshow(image, **colours)
    ax.set_title(title)
    if place is not None:
        corner = place[::-1] - 0.5
        ax.add_patch(plt.Rectangle(corner, side, side, fill=False, ec="C2",
                                   lw=3))
    ax.set_axis_off()
for (i, j), weight in np.ndenumerate(kernel):
    axes[0, 1].text(j, i, str(weight).replace("-", "−"), size=15,
                    ha="center", va="center")


# %% convnet
def convnet():
    return keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dropout(dropout),
        layers.Dense(10, activation="softmax"),
    ])


# %% dense
def dense(units=hidden_units):
    return keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Flatten(),
        layers.Dense(units, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ])


def small_dense():
    return dense(44)


# %% products
def products(layer):  # multiplications for one image
    if not layer.weights:
        return 0
    places = np.prod(layer.output.shape[1:-1])  # 1 for a dense layer
    return int(places * np.prod(layer.kernel.shape))


# %% summary
network = convnet()
does = {
    "Conv2D": "32 filters, 3 × 3", "MaxPooling2D": "largest of 2 × 2",
    "second Conv2D": "64 filters, 3 × 3 × 32",
    "second MaxPooling2D": "largest of 2 × 2", "Flatten": "one row",
    "Dropout": "a quarter left out", "Dense": "ten answers",
}
pd.DataFrame({
    "what it does": does.values(),
    "output": [" × ".join(f"{n:,}" for n in layer.output.shape[1:])
               for layer in network.layers],
    "parameters": [f"{layer.count_params():,}" for layer in network.layers],
    "products": [f"{products(layer):,}" for layer in network.layers],
}, index=pd.Index(does, name="layer"))

# %% size-check tags=["claim"]
by_hand = (9 * 32 + 32) + (9 * 32 * 64 + 64) + (1600 * 10 + 10)
assert network.count_params() == by_hand == 34_826
assert dense().count_params() == 407_050
assert small_dense().count_params() == 34_990

# %% size-values tags=["values"]
conv_products = sum(map(products, network.layers))
dense_products = sum(map(products, dense().layers))
fewer = dense().count_params() / network.count_params()
{
    "thin_parameters": {"value": f"{small_dense().count_params():,}",
                        "tolerance": 0},
    "conv_parameters": {"value": f"{network.count_params():,}",
                        "tolerance": 0},
    "dense_parameters": {"value": f"{dense().count_params():,}",
                         "tolerance": 0},
    "fewer_parameters": {"value": f"{fewer:.1f}", "tolerance": 0},
    "more_products": {"value": f"{conv_products / dense_products:.1f}",
                      "tolerance": 0},
    "conv_products": {"value": f"{conv_products / 1e6:.1f}", "tolerance": 0},
}


# %% train
def train(build, seed, x=x_train):
    keras.utils.set_random_seed(seed)
    model = build()
    updates = epochs * -(-len(x) // batch_size)
    falling = keras.optimizers.schedules.CosineDecay(start_rate, updates)
    model.compile(
        optimizer=keras.optimizers.Adam(falling),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=20,
    )
    model.fit(x, y_train, batch_size=batch_size, epochs=epochs, verbose=0)
    return model


# %% train-all
builders = {"dense, 44 units": small_dense,
            f"dense, {hidden_units} units": dense,
            "convolutional": convnet}
models = {
    name: [train(build, seed) for seed in seeds]
    for name, build in builders.items()
}


# %% score
def answered(model, x):
    return model.predict(x, batch_size=1000, verbose=0).argmax(axis=1)


answers = {name: np.array([answered(m, x_test) for m in group])
           for name, group in models.items()}  # each (3, 10000)
right = {name: a == y_test for name, a in answers.items()}
accuracy = {name: r.mean(axis=1) for name, r in right.items()}

# %% results
pd.DataFrame({
    "parameters": [f"{m[0].count_params():,}" for m in models.values()],
    "products": [f"{sum(map(products, m[0].layers)):,}"
                 for m in models.values()],
    "test accuracy": [f"{a.mean():.2%}" for a in accuracy.values()],
    "sd": [f"{100 * a.std(ddof=1):.2f}" for a in accuracy.values()],
    "errors": [f"{(~r).sum(axis=1).mean():.0f}" for r in right.values()],
}, index=pd.Index(models, name="network"))

# %% results-values tags=["values"]
thin, wide, conv = accuracy.values()
mean, sd = conv.mean(), conv.std(ddof=1)
sampling = 1.96 * np.sqrt(mean * (1 - mean) / len(y_test))
{
    "conv_accuracy": {"runs": conv, "format": ".2%"},
    "conv_lowest": f"{conv.min():.2%}",
    "conv_highest": f"{conv.max():.2%}",
    "sampling": {"value": f"{100 * sampling:.2f}", "tolerance": 0.05},
    "thin_accuracy": f"{thin.mean():.1%}",
    "conv_errors": {"value": f"{len(y_test) * (1 - mean):.0f}",
                    "tolerance": 15},
    "dense_errors": {"value": f"{len(y_test) * (1 - wide.mean()):.0f}",
                     "tolerance": 20},
}

# %% results-check tags=["claim"]
assert mean > 0.99
assert 1 - wide.mean() > 1.4 * (1 - mean)
assert 1 - thin.mean() > 2 * (1 - mean)

# %% shuffle
order = np.random.default_rng(seed).permutation(28 * 28)


def shuffled(x):  # every image in the same new order
    return x.reshape(-1, 28 * 28)[:, order].reshape(x.shape)


# %% train-shuffled
x_mixed = shuffled(x_train)
mixed_models = {
    name: [train(builders[name], seed, x_mixed)]
    for name in list(builders)[1:]
}
mixed = {
    name: np.array([(answered(m, shuffled(x_test)) == y_test).mean()
                    for m in group])
    for name, group in mixed_models.items()
}

# %% shuffled-digit
fig, axes = plt.subplots(1, 4, figsize=(5.6, 1.9))
for ax, image, title in zip(axes, (
    x_test[0], shuffled(x_test[:1])[0], x_test[1], shuffled(x_test[1:2])[0]
), (f"a {y_test[0]}", "shuffled", f"a {y_test[1]}", "shuffled")):
    ax.imshow(image)
    ax.set_title(title)
    ax.set_axis_off()

# %% neighbours
fig, ax = plt.subplots(figsize=(5.6, 3.2))
for name, colour in ((f"dense, {hidden_units} units", "C1"),
                     ("convolutional", "C0")):
    pair = [100 * accuracy[name], 100 * mixed[name]]
    for place, each in enumerate(pair):
        ax.plot([place] * len(each), each, "o", color=colour, alpha=0.4)
    ax.plot([0, 1], [each.mean() for each in pair], color=colour)
    ax.text(-0.05, pair[0].mean(), name.split(",")[0], color=colour,
            ha="right", va="center")
ax.set(xlim=(-0.7, 1.3), ylabel="test accuracy (%)")
ax.set_xticks([0, 1], ["pixels in their places", "pixels shuffled"])

# %% shuffle-check tags=["claim"]
mixed_wide, mixed_conv = mixed.values()
assert abs(mixed_wide.mean() - wide.mean()) < 0.003
assert mixed_conv.max() < conv.min() - 0.005
assert 1 - mixed_conv.mean() > 2 * (1 - mean)

# %% shuffle-values tags=["values"]
{
    "first_label": {"value": int(y_test[0]), "tolerance": 0},
    "second_label": {"value": int(y_test[1]), "tolerance": 0},
    "conv_mixed": f"{mixed_conv.mean():.2%}",
    "dense_mixed": f"{mixed_wide.mean():.2%}",
    "dense_accuracy": f"{wide.mean():.2%}",
    "conv_mixed_errors": {
        "value": f"{len(y_test) * (1 - mixed_conv.mean()):.0f}",
        "tolerance": 40,
    },
}


# %% move
def move(images, rng, pixels):  # each one up, down, left or right
    padded = np.pad(images, ((0, 0), (4, 4), (4, 4), (0, 0)))
    steps = pixels * np.array([(-1, 0), (1, 0), (0, -1), (0, 1)])
    chosen = rng.integers(4, size=len(images))
    moved = np.empty_like(images)
    for n, (down, right) in enumerate(steps):
        rows, columns = 4 - down, 4 - right
        window = padded[:, rows:rows + 28, columns:columns + 28]
        moved[chosen == n] = window[chosen == n]
    return moved


# %% move-the-test-digits
rng = np.random.default_rng(seed)
distances = range(5)
elsewhere = [move(x_test, rng, pixels) for pixels in distances]
kept_ink = elsewhere[4].sum() / x_test.sum()
found = {
    name: 100 * np.array([[(answered(m, x) == y_test).mean() for m in group]
                          for x in elsewhere])
    for name, group in list(models.items())[1:]
}  # each (5, 3)

# %% moved-digits
fig, ax = plt.subplots()
for (name, values), colour in zip(found.items(), ("C1", "C0")):
    ax.plot(distances, values, color=colour, lw=1, alpha=0.4)
    ax.plot(distances, values.mean(axis=1), "o-", color=colour)
ax.text(3.1, 88, "convolutional", color="C0", size=12)
ax.text(2.45, 60, "dense", color="C1", size=12, ha="right")
ax.set(xlabel="pixels by which the test digits are moved",
       ylabel="accuracy (%)", xticks=distances, ylim=(0, 102))
ax.grid(True, axis="y")

# %% moved-values tags=["values"]
dense_moved, conv_moved = (v.mean(axis=1) for v in found.values())
{
    "dense_moved_two": {"value": f"{dense_moved[2]:.0f}%", "tolerance": 6},
    "conv_moved_two": {"value": f"{conv_moved[2]:.0f}%", "tolerance": 4},
    "dense_moved_four": {"value": f"{dense_moved[4]:.0f}%", "tolerance": 8},
    "conv_moved_four": {"value": f"{conv_moved[4]:.0f}%", "tolerance": 12},
    "kept_ink": {"value": f"{kept_ink:.1%}", "tolerance": 0},
}

# %% moved-check tags=["claim"]
assert kept_ink > 0.97
assert 100 - dense_moved[2] > 1.5 * (100 - conv_moved[2])
assert conv_moved[4] < 90

# %% disagreeing
thin_reader, conv_reader = (
    models[name][0] for name in ("dense, 44 units", "convolutional")
)


def torn(images):  # how surely the dense one is wrong and the other right
    dense_p, conv_p = (m.predict(images, batch_size=1000, verbose=0)
                       for m in (thin_reader, conv_reader))
    own = np.arange(len(images)), y_test
    sure = np.minimum(dense_p.max(axis=1), conv_p[own])
    return np.where((dense_p.argmax(axis=1) != y_test)
                    & (conv_p.argmax(axis=1) == y_test), sure, 0)


aside = np.roll(x_test, 3, axis=2)  # three pixels to the right
apart = torn(aside)
opening = int((apart * torn(x_test)).argmax())  # moved or not
first_of = [int(np.where(y_test == digit, apart, 0).argmax())
            for digit in range(10)]

# %% samples tags=["data"]
samples = [opening, *first_of]
{"labels": y_test[samples], "images": aside[samples]}

# %% samples-check tags=["claim"]
assert (apart[samples] > 0.5).all()

# %% dense-reader tags=["model"]
thin_reader

# %% convnet-reader tags=["model"]
conv_reader

# %% filters
model = models["convolutional"][0]
kernels = model.layers[0].get_weights()[0][:, :, 0]  # (3, 3, 32)
strongest = np.abs(kernels).max()
fig, axes = plt.subplots(4, 8, figsize=(5.6, 2.9))
for ax, kernel in zip(axes.flat, np.moveaxis(kernels, 2, 0)):
    ax.imshow(kernel, cmap="RdBu_r", vmin=-strongest, vmax=strongest)
    ax.set_axis_off()

# %% on-the-way
stages = [layer for layer in model.layers if layer.output.shape[1:-1]]
strongest_maps = []
picture = x_test[:1]
for layer in stages:
    picture = np.asarray(layer(picture))
    maps = np.moveaxis(picture[0], 2, 0)
    strongest_maps.append(maps[np.argsort(-maps.sum(axis=(1, 2)))[:4]])

# %% through-the-network
fig, axes = plt.subplots(4, 5, figsize=(5.6, 4.9))
axes[0, 0].imshow(x_test[0])
axes[0, 0].set_title("the image\n28 × 28")
for column, layer, maps in zip(axes.T[1:], stages, strongest_maps):
    filters = "filters" if "conv" in layer.name else "pooled"
    side, _, many = layer.output.shape[1:]
    column[0].set_title(f"{many} {filters}\n{side} × {side}")
    for ax, one in zip(column, maps):
        ax.imshow(one, vmin=0)
for ax in axes.flat:
    ax.set_axis_off()

# %% planes
across, down = np.meshgrid([-1, 0, 1], [-1, 0, 1])
tilts = np.stack([across.ravel(), down.ravel()]) / np.sqrt(6)  # (2, 9)


def tilt_share(model):  # of each filter's variation, what a tilt explains
    flat = model.layers[0].get_weights()[0].reshape(9, -1)
    centred = flat - flat.mean(axis=0)
    return ((tilts @ centred) ** 2).sum(axis=0) / (centred ** 2).sum(axis=0)


tilted = np.array([tilt_share(m) > 0.5 for m in models["convolutional"]])
untrained = np.array([tilt_share(convnet()) > 0.5 for _ in range(100)])

# %% without-one-filter
whole = (answered(model, x_test) == y_test).sum()
kernel, bias = model.layers[0].get_weights()
without = []
for n in range(32):
    keep = np.arange(32) != n
    model.layers[0].set_weights([kernel * keep, bias * keep])
    without.append((answered(model, x_test) == y_test).sum())
model.layers[0].set_weights([kernel, bias])
lost = whole - np.array(without)  # images, (32,)

# %% filters-check tags=["claim"]
assert np.median(lost) < 30
assert tilted.mean() > untrained.mean()

# %% filters-values tags=["values"]
{
    "lost_median": {"value": f"{np.median(lost):.0f}", "tolerance": 8},
    "lost_most": {"value": int(lost.max()), "tolerance": 100},
    "tilted": {"value": int(tilted.sum()), "tolerance": 15},
    "filters": {"value": tilted.size, "tolerance": 0},
    "by_chance": {"value": f"{untrained.mean() * tilted.size:.0f}",
                  "tolerance": 3},
}

# %% disputed
disputed = np.array([947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558,
                     5937, 6651, 6783, 8527, 9679, 9729])
disputed = disputed[disputed < len(y_test)]
answer = answers["convolutional"][0]
wrong = np.flatnonzero(answer != y_test)
wrong_disputed = np.intersect1d(wrong, disputed)

# %% all-mistakes
rows = -(-len(wrong) // 8)
fig, axes = plt.subplots(rows, 8, figsize=(5.6, 0.95 * rows))
for ax in axes.flat:
    ax.set_axis_off()
for ax, n in zip(axes.flat, wrong):
    ax.imshow(x_test[n])
    mark = "*" if n in disputed else ""
    ax.set_title(f"{y_test[n]} → {answer[n]}{mark}", loc="center", size=13,
                 color="C1" if mark else "C0", pad=2)

# %% confusions tags=["data"]
counts = np.zeros((10, 10), int)  # of the first network
np.add.at(counts, (y_test, answer), 1)
first_right = [np.flatnonzero((y_test == digit) & (answer == digit))[:2]
               for digit in range(10)]
behind = np.concatenate([wrong, *first_right])
{"counts": counts, "labels": y_test[behind], "answers": answer[behind],
 "images": x_test[behind]}

# %% mistakes
always = (~right["convolutional"]).all(axis=0).sum()
ever = (~right["convolutional"]).any(axis=0).sum()
settled = np.delete(right["convolutional"], disputed, axis=1).mean()

# %% mistakes-values tags=["values"]
{
    "wrong": {"value": len(wrong), "tolerance": 18},
    "wrong_disputed": {"value": len(wrong_disputed), "tolerance": 3},
    "disputed": {"value": len(disputed), "tolerance": 0},
    "settled_accuracy": f"{settled:.2%}",
    "always_wrong": {"value": int(always), "tolerance": 12},
    "ever_wrong": {"value": int(ever), "tolerance": 25},
}

# %% mistakes-check tags=["claim"]
assert len(wrong_disputed) >= 5
assert always < len(wrong) < ever

# %% published
columns = ["year", "method", "kind", "altered copies", "networks", "error"]
published = pd.DataFrame([
    (1998, "linear", "other", "no", "1", 12.0),
    (1998, "dense, 300 units", "dense", "no", "1", 4.7),
    (1998, "support vector machine", "other", "no", "1", 1.4),
    (1998, "LeNet-5", "convolutional", "no", "1", 0.95),
    (1998, "LeNet-4, boosted", "convolutional", "yes", "several", 0.7),
    (2002, "virtual support vectors", "other", "yes", "1", 0.56),
    (2003, "dense, 800 units", "dense", "no", "1", 1.6),
    (2003, "dense, 800 units", "dense", "yes", "1", 0.7),
    (2003, "convolutional", "convolutional", "yes", "1", 0.4),
    (2010, "dense, 6 layers", "dense", "yes", "1", 0.35),
    (2012, "committee", "convolutional", "yes", "35", 0.23),
    (2013, "DropConnect", "convolutional", "yes", "several", 0.21),
    (2018, "Deotte, mean of 1,500", "convolutional", "yes", "1", 0.359),
    (2018, "Deotte, voting", "convolutional", "yes", "15", 0.255),
    (2020, "An et al.", "convolutional", "yes", "several", 0.09),
], columns=columns)

# %% ours
kinds = ["dense", "dense", "convolutional"]
runs = pd.DataFrame([
    (2026, f"{name} (ours)", kind, "no", "1", 100 * (1 - a.mean()))
    for (name, a), kind in zip(accuracy.items(), kinds)
], columns=columns)
history = pd.concat([published, runs], ignore_index=True)

# %% thirty-years-table
shown = history.drop(columns=["kind", "error"]).astype(str)
shown["test error (%)"] = [f"{e:.2f}" for e in history["error"]]
shown.set_index("year")

# %% places
places = list(zip(history["year"], history["error"], [
    "linear", "300 units", "SVM", "LeNet-5", "boosted", "virtual SVM",
    "800 units", "800, distorted", "distorted", "6 layers", "35 voting",
    "DropConnect", "mean of 1,500", "15 voting", "An et al.",
    "44 units", "512 units", "convolutional",
], [9, 9, 9, 9, -9, -9, 9, 9, 9, 9, -9, 9, 9, 9, 9, -9, -9, -9],
    [0, 0, 0, 0, 0, -10, 0, 0, 0, 0, 0, -5, 0, 0, 0, 0, 0, 0]))

# %% thirty-years
fig, ax = plt.subplots(figsize=(5.6, 5.6))
ax.axhspan(0.10, 0.15, color="0.5", alpha=0.2, lw=0)
ax.text(1993, 0.122, "disputed test labels", color="0.4", va="center")
colours = {"dense": "C1", "convolutional": "C0", "other": "0.45"}
for n, (year, error, text, right_by, up) in enumerate(places):
    colour, one = colours[history["kind"][n]], history["networks"][n] == "1"
    ax.plot(year, error, "o" if one else "s", color=colour, markersize=8,
            mfc=colour if one else "none", mew=2)
    ax.annotate(text, (year, error), (right_by, up), va="center",
                ha="left" if right_by > 0 else "right", color=colour,
                weight="bold" if year == 2026 else "normal",
                textcoords="offset points")
ticks = [0.1, 0.2, 0.5, 1, 2, 5, 10]
ax.set(yscale="log", ylabel="test error (%)", xlim=(1992.5, 2027.5))
ax.set_yticks(ticks, ticks)
ax.minorticks_off()

# %% thirty-years-check tags=["claim"]
error = 100 * (1 - mean)
assert 0.6 < error < 0.95 and 1.2 < 100 * (1 - wide.mean()) < 2
low = published[published["error"] < 0.7]
assert (low["altered copies"] == "yes").all()
assert (low["networks"] != "1").mean() == 0.5
assert published["error"].min() < 0.10

# %% thirty-years-values tags=["values"]
{
    "conv_error": {"value": f"{error:.2f}%", "tolerance": 0.15},
    "dense_error": {"value": f"{100 * (1 - wide.mean()):.2f}%",
                    "tolerance": 0.2},
}
