# %% [markdown]
# Two networks, one a little better than the other, each trained from a
# hundred seeds: how often does a comparison by a few seeds get it wrong?

# %% setup
from statistics import NormalDist

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from keras import layers

# %% experiment
hidden = (64, 72)  # units of the two designs
seeds = range(42, 142)  # for each of them
train_size = 10_000  # images to learn from
batch_size = 100
epochs = 3
rate = 0.001
few = [1, 2, 3, 5, 10, 20]  # seeds in a comparison
draws = 40_000  # comparisons of each size

# %% load
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train = x_train[:train_size].reshape(-1, 784).astype("float32") / 255
x_test = x_test.reshape(-1, 784).astype("float32") / 255
y_train = y_train[:train_size]


# %% network
def network(units):
    model = keras.Sequential([
        keras.Input((784,)),
        layers.Dense(units, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ])
    model.compile(
        optimizer="adam", loss="sparse_categorical_crossentropy",
        metrics=["accuracy"], steps_per_execution=50,
    )
    model.optimizer.build(model.trainable_variables)
    return model


# %% one-run
def begin_anew(model, seed):  # quicker than to build another
    keras.utils.set_random_seed(seed)
    for layer in model.layers:
        draw = keras.initializers.GlorotUniform()
        layer.kernel.assign(draw(layer.kernel.shape))
        layer.bias.assign(keras.ops.zeros(layer.bias.shape))
    for variable in model.optimizer.variables:
        variable.assign(keras.ops.zeros(variable.shape, variable.dtype))
    model.optimizer.learning_rate.assign(rate)


def score(model, seed):  # accuracy on the test set, in percent
    begin_anew(model, seed)
    model.fit(x_train, y_train, batch_size=batch_size, epochs=epochs,
              verbose=0)
    return 100 * model.evaluate(x_test, y_test, batch_size=1000,
                                verbose=0)[1]


# %% all-runs
models = [network(units) for units in hidden]
small, large = (np.array([score(model, seed) for seed in seeds])
                for model in models)

# %% scores
bins = np.arange(90, 94, 0.1)
fig, ax = plt.subplots(figsize=(5.6, 3))
for each, units, colour in ((small, hidden[0], "C0"), (large, hidden[1], "C1")):
    ax.hist(each, bins, color=colour, alpha=0.5)
    ax.axvline(each.mean(), color=colour)
ends = min(small.min(), large.min()), max(small.max(), large.max())
top = ax.get_ylim()[1]
ax.text(small.mean() - 0.03, 1.14 * top, f"{hidden[0]} units", color="C0",
        ha="right", va="top")
ax.text(large.mean() + 0.03, 1.14 * top, f"{hidden[1]} units", color="C1",
        va="top")
ax.set(xlim=(ends[0] - 0.1, ends[1] + 0.1), ylim=(0, 1.15 * top),
       xlabel="test accuracy (%)", ylabel="networks")

# %% the-truth
gap = large.mean() - small.mean()
spread = np.sqrt((small.var(ddof=1) + large.var(ddof=1)) / 2)
error = spread * np.sqrt(2 / len(seeds))  # of the gap

# %% wrong
rng = np.random.default_rng(seeds[0])


def differences(many):  # as found by comparisons with so many seeds each
    pick = rng.integers(0, len(seeds), (2, draws, many))
    return large[pick[1]].mean(axis=1) - small[pick[0]].mean(axis=1)


found = {many: differences(many) for many in few}
wrong = np.array([(each < 0).mean() for each in found.values()])

# %% by-theory
expected = [NormalDist().cdf(-gap / (spread * np.sqrt(2 / many)))
            for many in few]
enough = 2 * (1.645 * spread / gap) ** 2  # seeds for one error in twenty

# %% wrong-winner
fig, ax = plt.subplots(figsize=(5.6, 3.2))
ax.plot(few, 100 * wrong, "o", color="C1")
ax.plot(few, 100 * np.array(expected), color="C0")
ax.axhline(5, color="0.6", lw=1, ls="--")
ax.set(xscale="log", xlabel="seeds of each design", ylim=(0, None),
       ylabel="wrong winner (%)")
ax.set_xticks(few, map(str, few))
ax.minorticks_off()

# %% comparisons
pd.DataFrame({
    "wrong winner": [f"{share:.0%}" for share in wrong],
    "by the formula": [f"{share:.0%}" for share in expected],
    "differences found": [
        f"{np.quantile(d, 0.025):+.2f} to {np.quantile(d, 0.975):+.2f}"
        for d in found.values()
    ],
}, index=pd.Index(few, name="seeds"))

# %% best-of
def best_of(each, many):  # the mean of the best, above the mean of all
    pick = rng.integers(0, len(seeds), (draws, many))
    return each[pick].max(axis=1).mean() - each.mean()


flattered = best_of(small, 10)

# %% checks tags=["claim"]
assert gap > 2 * error  # the larger one is better
assert gap < 2 * spread  # and by less than luck
assert (np.diff(wrong) < 0).all()
assert wrong[0] > 0.15
assert wrong[2] > 0.05
assert np.abs(wrong - expected).max() < 0.04
assert flattered > max(gap, spread)
assert small.max() > large.mean() > small.mean() > large.min()

# %% results tags=["values"]
{
    "small_units": {"value": hidden[0], "tolerance": 0},
    "large_units": {"value": hidden[1], "tolerance": 0},
    "runs": {"value": len(seeds), "tolerance": 0},
    "train_images": {"value": f"{train_size:,}", "tolerance": 0},
    "epochs": {"value": epochs, "tolerance": 0},
    "small_accuracy": f"{small.mean():.2f}%",
    "large_accuracy": f"{large.mean():.2f}%",
    "small_best": f"{small.max():.2f}%",
    "large_worst": f"{large.min():.2f}%",
    "gap": f"{gap:.2f}",
    "gap_error": f"{error:.2f}",
    "spread": f"{spread:.2f}",
    "wrong_one": f"{wrong[0]:.0%}",
    "wrong_three": f"{wrong[2]:.0%}",
    "wrong_five": f"{wrong[3]:.0%}",
    "wrong_ten": f"{wrong[4]:.0%}",
    "enough": f"{np.ceil(enough):.0f}",
    "flattered": f"{flattered:.2f}",
}
