# %% [markdown]
# How far down can the training of a network go that reads 99 % of MNIST?
# A short ladder: five seeds for each rung but the first.

# %% setup
from time import perf_counter

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from keras import layers

# %% experiment
seeds = range(42, 47)
batch_size = 128
rate, high_rate = 0.001, 0.02

# %% load
(x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
x, x_test = (images[..., None].astype("float32") / 255
             for images in (x, x_test))
train_size = len(x) * 5 // 6  # the others choose
x_train, y_train = x[:train_size], y[:train_size]
x_valid, y_valid = x[train_size:], y[train_size:]


# %% example
def example():
    return [
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dropout(0.5),
    ]


# %% small
def block(filters, strides=1):
    return [
        layers.Conv2D(filters, 3, strides=strides, use_bias=False),
        layers.BatchNormalization(momentum=0.8),
        layers.ReLU(),
    ]


def small():
    return [*block(16, strides=2), *block(32, strides=2), *block(64),
            layers.Flatten()]


# %% cycle
def usual(steps):
    return rate


def falling(steps):
    return keras.optimizers.schedules.CosineDecay(rate, steps, alpha=0.01)


def one_cycle(steps):  # up for a fifth of the way, then down
    return keras.optimizers.schedules.CosineDecay(
        high_rate / 10, steps - steps // 5, alpha=0.01,
        warmup_target=high_rate, warmup_steps=steps // 5)


# %% train
def trained(body, seed, epochs, margin=0, rates=usual):
    keras.utils.set_random_seed(seed)
    inner = slice(margin, 28 - margin)
    images = x_train[:, inner, inner]
    model = keras.Sequential([
        keras.Input(images.shape[1:]), *body(),
        layers.Dense(10, activation="softmax"),
    ])
    steps = epochs * -(-train_size // batch_size)  # rounded up
    model.compile(
        optimizer=keras.optimizers.Adam(rates(steps)),
        loss="sparse_categorical_crossentropy", metrics=["accuracy"],
        steps_per_execution=50,
    )
    model.fit(images, y_train, batch_size=batch_size, epochs=epochs,
              verbose=0)
    return model


# %% rung
models, took = {}, {}


def rung(name, body, some, **how):
    began = perf_counter()
    models[name] = [trained(body, seed, **how) for seed in some]
    took[name] = (perf_counter() - began) / len(some)


# %% the-example
rung("the example", example, seeds[:1], epochs=1)

# %% small-network
rung("small network", small, seeds, epochs=3, margin=2)

# %% falling-rate
rung("falling rate", small, seeds, epochs=3, margin=2, rates=falling)

# %% one-cycle
rung("one cycle", small, seeds, epochs=3, margin=2, rates=one_cycle)

# %% two-passes
rung("two passes", small, seeds, epochs=2, margin=2, rates=one_cycle)

# %% one-pass
rung("one pass", small, seeds, epochs=1, margin=2, rates=one_cycle)


# %% scores
def score(model, images, labels):
    margin = (28 - model.input_shape[1]) // 2
    inner = slice(margin, 28 - margin)
    return model.evaluate(images[:, inner, inner], labels,
                          batch_size=1000, verbose=0)[1]


def scores(images, labels):
    return {name: np.array([score(model, images, labels) for model in some])
            for name, some in models.items()}


valid, test = scores(x_valid, y_valid), scores(x_test, y_test)


# %% multiplications
def multiplications(model):  # for one image
    return sum(
        np.prod(layer.output.shape[1:-1]) * np.prod(layer.kernel.shape)
        for layer in model.layers if hasattr(layer, "kernel"))


passes = {"the example": 1, "small network": 3, "falling rate": 3,
          "one cycle": 3, "two passes": 2, "one pass": 1}
work = {name: passes[name] * multiplications(some[0])
        for name, some in models.items()}

# %% ladder
fig, ax = plt.subplots(figsize=(5.6, 3.4))
ax.axvline(99, color="0.6", lw=1, ls="--")
for row, (name, found) in enumerate(test.items()):
    colour = "C0" if valid[name].mean() >= 0.99 else "C1"
    ax.plot(100 * found, [row] * len(found), "o", color=colour, alpha=0.7)
ax.set_yticks(range(len(test)), test)
ax.set(xlabel="test accuracy (%)", ylim=(len(test) - 0.5, -0.5))

# %% rungs
pd.DataFrame({
    "validation": [f"{valid[name].mean():.2%}" for name in models],
    "test": [f"{test[name].mean():.2%}" for name in models],
    "work": [f"{each / work['the example']:.2f}" for each in work.values()],
}, index=pd.Index(models, name="rung"))

# %% checks tags=["claim"]
assert valid["one cycle"].mean() >= 0.99
assert valid["small network"].mean() < 0.99
assert valid["one pass"].mean() < 0.99
assert test["one cycle"].mean() >= 0.99
assert test["one cycle"].min() > 0.988
assert test["one cycle"].mean() > test["small network"].mean() + 0.002
assert valid["one pass"].mean() > valid["falling rate"].mean()
assert valid["one pass"].mean() < valid["two passes"].mean()
assert valid["two passes"].mean() < valid["one cycle"].mean()
assert all(valid[name].mean() < test[name].mean()
           for name in ("one cycle", "one pass"))
assert work["one cycle"] < work["the example"] / 2
quick = took["one cycle"] < 3 * took["the example"]
assert quick  # all of its training: less than three passes of the example

# %% values tags=["values"]
{
    "seeds": {"value": len(seeds), "tolerance": 0},
    "example": f"{test['the example'].mean():.1%}",
    "small": {"runs": test["small network"], "format": ".2%"},
    "falling": {"runs": test["falling rate"], "format": ".2%"},
    "cycle": {"runs": test["one cycle"], "format": ".2%"},
    "once": {"runs": test["one pass"], "format": ".2%"},
    "small_valid": f"{valid['small network'].mean():.2%}",
    "falling_valid": f"{valid['falling rate'].mean():.2%}",
    "cycle_valid": f"{valid['one cycle'].mean():.2%}",
    "twice_valid": {"runs": valid["two passes"], "format": ".2%"},
    "once_valid": f"{valid['one pass'].mean():.2%}",
    "work": f"{work['one cycle'] / work['the example']:.2f}",
    "parameters": {
        "value": f"{models['one cycle'][0].count_params():,}", "tolerance": 0},
    "example_parameters": {
        "value": f"{models['the example'][0].count_params():,}",
        "tolerance": 0},
}
