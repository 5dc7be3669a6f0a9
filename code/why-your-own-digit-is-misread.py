# %% [markdown]
# What undoes a network that reads MNIST, and which step of MNIST's own
# preparation makes it good again.

# %% setup
import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from keras import layers

# %% experiment
seeds = range(42, 47)
batch_size = 100
epochs = {"dense": 4, "convolutional": 3}

# %% load
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train = x_train.astype("float32") / 255
x_test = x_test.astype("float32") / 255


# %% resample
def resample(images, middle, factor=1.0, tilt=0.0):
    """The images with `middle` at (14, 14), enlarged, and turned."""
    n = len(images)
    rows, columns = np.indices((28, 28)) - 14
    turn, factor = np.radians(tilt), np.broadcast_to(factor, n)[:, None, None]
    y = (np.cos(turn) * rows - np.sin(turn) * columns) / factor
    x = (np.sin(turn) * rows + np.cos(turn) * columns) / factor
    y, x = y + middle[0][:, None, None], x + middle[1][:, None, None]
    wide = np.pad(images, ((0, 0), (1, 2), (1, 2)))
    y, x = (np.clip(along + 1, 0, 29) for along in (y, x))
    top, left = y.astype(int), x.astype(int)
    below, right = y - top, x - left
    each = np.arange(n)[:, None, None]
    return (
        wide[each, top, left] * (1 - below) * (1 - right)
        + wide[each, top + 1, left] * below * (1 - right)
        + wide[each, top, left + 1] * (1 - below) * right
        + wide[each, top + 1, left + 1] * below * right
    ).astype("float32")


def centre(n):
    return np.full((2, n), 14.0)


# %% ways
def around(images, choose, side):  # of each pixel and its neighbours
    wide = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    return choose([wide[:, i : i + 28, j : j + 28]
                   for i in range(side) for j in range(side)], axis=0)


def moved(images, by=5):
    return resample(images, centre(len(images)) - by)


def scaled(images, factor):
    return resample(images, centre(len(images)), factor)


ways = {
    "as it is": lambda x: x,
    "off centre": moved,
    "small": lambda x: scaled(x, 0.6),
    "large": lambda x: scaled(x, 1.3),
    "tilted": lambda x: resample(x, centre(len(x)), tilt=25),
    "thick pen": lambda x: around(x, np.max, 3),
    "thin pen": lambda x: around(x, np.min, 2),
    "inverted": lambda x: 1 - x,
    "grey paper": lambda x: 0.3 + 0.6 * x,
    "all of it": lambda x: 1 - moved(scaled(around(x, np.max, 3), 0.6), 3),
}

# %% steps
def ink(images):  # paper is what most of the edge is
    edge = np.concatenate([images[:, 0], images[:, -1],
                           images[:, :, 0], images[:, :, -1]], axis=1)
    paper = np.median(edge, axis=1)[:, None, None]
    apart = np.abs(images - paper)
    return apart / np.maximum(apart.max(axis=(1, 2)), 1e-6)[:, None, None]


def ends(images, axis):  # the first and the last row or column with ink
    holds = (images > 0.2).any(axis=axis)
    return holds.argmax(axis=1), 27 - holds[:, ::-1].argmax(axis=1)


def boxed(images):  # the box around the ink, its longer side 20
    (top, bottom), (left, right) = ends(images, 2), ends(images, 1)
    longer = np.maximum(bottom - top, right - left) + 1
    middle = np.array([top + bottom + 1, left + right + 1]) / 2
    return resample(images, middle, 20 / longer)


def centred(images):  # the centre of the ink in the middle
    weight = np.maximum(images.sum(axis=(1, 2)), 1e-6)
    position = np.arange(28)
    return resample(images, np.array([
        images.sum(axis=2) @ position, images.sum(axis=1) @ position,
    ]) / weight)


preparations = {
    "nothing": [],
    "ink": [ink],
    "ink, centre": [ink, centred],
    "ink, size": [ink, boxed],
    "all three": [ink, boxed, centred],
}


def prepared(images, steps):
    for step in steps:
        images = step(images)
    return images


# %% networks
def build(kind, seed):
    keras.utils.set_random_seed(seed)
    body = {
        "dense": [layers.Flatten(), layers.Dense(128, activation="relu")],
        "convolutional": [
            layers.Conv2D(16, 5, strides=2, activation="relu"),
            layers.Conv2D(32, 3, strides=2, activation="relu"),
            layers.Flatten(),
        ],
    }
    model = keras.Sequential([
        keras.Input((28, 28, 1)), *body[kind],
        layers.Dense(10, activation="softmax"),
    ])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy",
                  steps_per_execution=50)
    return model


# %% train
def trained(kind, seed):
    model = build(kind, seed)
    model.fit(x_train[..., None], y_train, batch_size=batch_size,
              epochs=epochs[kind], verbose=0)
    return model


models = {kind: [trained(kind, seed) for seed in seeds] for kind in epochs}

# %% read-all
changed = {name: way(x_test) for name, way in ways.items()}


def score(model, images):
    answers = model.predict(images[..., None], batch_size=1000, verbose=0)
    return 100 * (answers.argmax(axis=1) == y_test).mean()


def scores(images):  # (kinds, seeds)
    return [[score(model, images) for model in five]
            for five in models.values()]


right = np.array([[scores(prepared(images, steps))
                   for steps in preparations.values()]
                  for images in changed.values()])
right = {name: dict(zip(preparations, by_steps))
         for name, by_steps in zip(ways, right)}

# %% undone
fig, panels = plt.subplots(2, 5, figsize=(5.6, 3.5))
example = np.flatnonzero(y_test == 4)[3]
for ax, (name, images) in zip(panels.flat, changed.items()):
    ax.imshow(images[example], vmin=0, vmax=1)
    dense, conv = right[name]["nothing"].mean(axis=1)
    ax.set_title(name, loc="center", fontsize=9)
    ax.set_xlabel(f"{dense:.0f} · {conv:.0f} %")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color="0.7")

# %% with-steps
pd.DataFrame({
    steps: [f"{right[name][steps][0].mean():.0f}%" for name in ways]
    for steps in preparations
}, index=pd.Index(ways, name="digits"))

# %% convolutional
pd.DataFrame({
    steps: [f"{right[name][steps][1].mean():.0f}%" for name in ways]
    for steps in ("nothing", "all three")
}, index=pd.Index(ways, name="digits"))


# %% nearest
def nearest_errors(train, test):  # in percent
    x, some = train.reshape(-1, 784), test.reshape(-1, 784)
    squares = (x**2).sum(axis=1)
    answers = [y_train[(squares - 2 * part @ x.T).argmin(axis=1)]
               for part in np.array_split(some, len(some) // 250 + 1)]
    return 100 * (np.concatenate(answers) != y_test).mean()


# %% by-box
def by_box(images):  # moved by whole pixels, so that nothing blurs
    (top, bottom), (left, right) = ends(images, 2), ends(images, 1)
    middle = np.array([top + bottom + 1, left + right + 1]) // 2
    return resample(images, middle)


by_mass = nearest_errors(x_train, x_test)
boxes = nearest_errors(by_box(x_train), by_box(x_test))

# %% seen
def seen(images):  # blurred, without the margin, half as large
    for _ in range(2):
        images = around(images, np.mean, 3)
    inner = images[:, 2:26, 2:26].reshape(-1, 12, 2, 12, 2)
    return inner.mean(axis=(2, 4)).reshape(-1, 144)


# %% groups
known = len(x_train) * 5 // 6  # the others set the limits
kinds = min(32, known // 1000)  # of each digit
rng = np.random.default_rng(seeds[0])


def groups(x):  # each of images that are much alike
    middles = x[rng.choice(len(x), kinds, replace=False)]
    for _ in range(15):
        distances = (middles**2).sum(axis=1) - 2 * x @ middles.T
        nearest = distances.argmin(axis=1)
        middles = np.array([x[nearest == kind].mean(axis=0)
                            for kind in range(kinds)])
    return [x[nearest == kind] for kind in range(kinds)]


def directions(x):  # the nine that hold most of its ink
    nine = np.linalg.eigh(x.T @ x)[1][:, -9:].T
    return np.round(15 * nine / np.abs(nine).max(axis=1, keepdims=True))


x_known, y_known = seen(x_train[:known]), y_train[:known]
x_known /= np.linalg.norm(x_known, axis=1, keepdims=True)
rounded = np.array([
    [directions(x) for x in groups(x_known[y_known == digit])]
    for digit in range(10)
])
spaces = rounded / np.linalg.norm(rounded, axis=3, keepdims=True)


# %% unlike
def left_over(images):  # what the directions do not hold: a share, and ink
    ink = seen(images)
    squares = (ink**2).sum(axis=1)
    held = [[((ink @ space.T)**2).sum(axis=1) for space in of_digit]
            for of_digit in spaces]
    rest = squares - np.max(held, axis=1)
    return rest / np.maximum(squares, 1e-6), rest


def unlike(images):  # any digit
    return np.any([each > limit[:, None]
                   for each, limit in zip(left_over(images), limits)],
                  axis=0).all(axis=0)


apart = zip(range(10), *left_over(x_train[known:]))
limits = np.array([
    [np.quantile(each[y_train[known:] == digit], 0.989) for each in pair]
    for digit, *pair in apart
]).T

# %% no-digits
turned = x_test[:, ::-1].swapaxes(1, 2)
others = np.roll(x_test, 1, axis=0)
halves = np.concatenate([x_test[:, :, :14], others[:, :, 14:]], axis=2)
halves = halves[y_test != np.roll(y_test, 1)]
alarms = {"digits": unlike(x_test), "turned": unlike(turned),
          "halves": unlike(halves)}

# %% flagged
fig, rows = plt.subplots(3, 8, figsize=(5.6, 2.5))
for row, (name, found) in zip(rows, alarms.items()):
    images = {"digits": x_test, "turned": turned, "halves": halves}[name]
    for ax, image, flag in zip(row, images[8:], found[8:]):
        ax.imshow(image, vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set(visible=True, color="C1" if flag else "0.7",
                         linewidth=2 if flag else 1)
    row[0].set_ylabel(name)

# %% samples tags=["data"]
first = [np.flatnonzero(y_test == digit)[3] for digit in (4, 7, 2, 5)]
{"labels": y_test[first], "images": x_test[first]}

# %% likeness tags=["data"]
{"share": limits[0], "ink": limits[1],
 "images": (128 + 8 * rounded).reshape(-1, 3, 3, 12, 12).swapaxes(2, 3)
 .reshape(-1, 36, 36).astype("uint8")}

# %% dense tags=["model"]
models["dense"][0]

# %% convnet tags=["model"]
models["convolutional"][0]

# %% checks tags=["claim"]
plain, mended = (
    {name: by[steps].mean(axis=1) for name, by in right.items()}
    for steps in ("nothing", "all three")
)
assert plain["as it is"].min() > 96
assert plain["off centre"].max() < 15  # five pixels undo both
assert plain["inverted"].max() < 40
assert plain["all of it"].max() < 20
assert mended["off centre"].min() > 93
assert mended["small"].min() > 94
assert mended["inverted"].min() > 96
assert mended["all of it"].min() > 75
assert mended["tilted"].max() < 90  # no step turns a digit
assert mended["thick pen"].max() < 93
assert all(right["as it is"]["ink, size"][k].mean() < 95 for k in (0, 1))
assert plain["small"][1] > plain["small"][0] + 10  # the convolution helps
assert plain["large"][1] > plain["large"][0] + 10
assert abs(mended["small"][1] - mended["small"][0]) < 3
assert alarms["digits"].mean() < 0.022
assert alarms["turned"].mean() > 0.85
assert 0.5 < alarms["halves"].mean() < 0.8

# %% values tags=["values"]
def told(by, kind):
    return {
        name: f"{by[name.replace('_', ' ')][kind]:.0f}%" for name in
        ("off_centre", "small", "inverted", "tilted", "thick_pen",
         "all_of_it")
    }


{
    "seeds": {"value": len(seeds), "tolerance": 0},
    "dense": f"{plain['as it is'][0]:.1f}%",
    "conv": f"{plain['as it is'][1]:.1f}%",
    **{f"dense_{name}": text for name, text in told(plain, 0).items()},
    **{f"conv_{name}": text for name, text in told(plain, 1).items()},
    **{f"mended_{name}": text for name, text in told(mended, 0).items()},
    "sized": f"{right['as it is']['ink, size'][0].mean():.0f}%",
    "by_mass": f"{by_mass:.2f}%",
    "by_box": f"{boxes:.2f}%",
    "kinds": {"value": kinds, "tolerance": 0},
    **{f"alarms_{name}": f"{found.mean():.1%}"
       for name, found in alarms.items()},
}
