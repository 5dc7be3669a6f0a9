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
def around(images, choose):  # of each pixel and its eight neighbours
    wide = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    return choose([wide[:, i : i + 28, j : j + 28]
                   for i in range(3) for j in range(3)], axis=0)


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
    "thick pen": lambda x: around(x, np.max),
    "thin pen": lambda x: around(x, np.min),
    "dark on light": lambda x: 1 - x,
    "grey paper": lambda x: 0.3 + 0.6 * x,
    "all of it": lambda x: 1 - moved(scaled(around(x, np.max), 0.6), 3),
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


right = np.array([[[[score(model, prepared(images, steps))
                     for model in five] for five in models.values()]
                   for steps in preparations.values()]
                  for images in changed.values()])
'''ways, preparations, kinds, seeds'''
