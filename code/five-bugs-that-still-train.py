# %% [markdown]
# A small network in NumPy, right and with five bugs planted, one at a time:
# what each costs, and which test would have caught it.

# %% setup
import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

# %% experiment
sizes = [784, 64, 64, 10]  # pixels, two hidden layers, digits
seeds = range(42, 47)
batch_size = 100
epochs = 6
rate = 0.1

# %% load
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train = x_train.reshape(-1, 784).astype("float32") / 255
x_test = x_test.reshape(-1, 784).astype("float32") / 255


# %% network
class Network:
    def __init__(self, seed, dtype="float32"):
        self.rng = np.random.default_rng(seed)
        self.w = [
            self.rng.normal(0, np.sqrt(1 / n), (n, m)).astype(dtype)
            for n, m in zip(sizes, sizes[1:])
        ]
        self.b = [np.zeros(m, dtype) for m in sizes[1:]]

    def softmax(self, scores):
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def forward(self, x):  # what goes into each layer, and probabilities
        inputs = [x]
        for w, b in zip(self.w[:-1], self.b):
            inputs.append(np.maximum(inputs[-1] @ w + b, 0))
        return inputs, self.softmax(inputs[-1] @ self.w[-1] + self.b[-1])

    def gradient(self, x, y):  # of the mean loss, layer by layer
        inputs, d = self.forward(x)
        d[np.arange(len(y)), y] -= 1
        slopes = []
        for layer in (2, 1, 0):
            slopes.insert(0, self.slopes(inputs[layer], d))
            if layer:
                d = (d @ self.w[layer].T) * self.mask(inputs, layer)
        return slopes

    def slopes(self, inputs, d):
        return inputs.T @ d / len(d), d.mean(axis=0)

    def mask(self, inputs, layer):
        return inputs[layer] > 0

    def step(self, x, y):
        for layer, (dw, db) in enumerate(self.gradient(x, y)):
            self.w[layer] -= rate * dw
            self.b[layer] -= rate * db

    def labels(self, y):
        return y

    @np.errstate(over="ignore", invalid="ignore")  # one will overflow
    def fit(self, x, y):
        y = self.labels(y)
        for _ in range(epochs):
            order = self.rng.permutation(len(x))
            for batch in order.reshape(-1, batch_size):
                self.step(x[batch], y[batch])
        return self


# %% summed
class Summed(Network):
    def slopes(self, inputs, d):
        return inputs.T @ d / len(d), d.sum(axis=0)  # no mean for biases


# %% leaky-mask
class LeakyMask(Network):
    def mask(self, inputs, layer):
        return inputs[layer] >= 0  # zeros pass as well


# %% clipped
class Clipped(Network):
    def softmax(self, scores):
        return super().softmax(np.maximum(scores, 0))  # one ReLU too many


# %% no-maximum
class NoMaximum(Network):
    def softmax(self, scores):
        powers = np.exp(scores)  # the largest score not taken off
        return powers / powers.sum(axis=1, keepdims=True)


# %% mixed-labels
class MixedLabels(Network):
    def labels(self, y):
        y = y.copy()
        y[:6000] = self.rng.permutation(y[:6000])  # one file of ten
        return y


# %% too-early
class TooEarly(Network):
    def step(self, x, y):
        inputs, d = self.forward(x)
        d[np.arange(len(y)), y] -= 1
        for layer in (2, 1, 0):
            dw, db = self.slopes(inputs[layer], d)
            self.w[layer] -= rate * dw
            self.b[layer] -= rate * db
            if layer:  # back through weights that have moved
                d = (d @ self.w[layer].T) * self.mask(inputs, layer)


# %% kinds
kinds = {
    "no bug": Network, "biases summed": Summed, "leaky mask": LeakyMask,
    "ReLU on scores": Clipped, "no maximum": NoMaximum,
    "labels mixed up": MixedLabels, "weights moved early": TooEarly,
}
*silent, early = list(kinds)[1:]

# %% train
trained = {(kind, seed): kind(seed).fit(x_train, y_train)
           for kind in kinds.values() for seed in seeds}


# %% score
@np.errstate(invalid="ignore")
def accuracy(network, x, y):
    return 100 * (network.forward(x)[1].argmax(axis=1) == y).mean()


score = {name: np.array([accuracy(trained[kind, seed], x_test, y_test)
                         for seed in seeds])
         for name, kind in kinds.items()}
right = score["no bug"]
reach = 2.776 * np.sqrt(1 + 1 / len(seeds)) * right.std(ddof=1)
expected = right.mean() - reach, right.mean() + reach  # for one run more

# %% scores
fig, ax = plt.subplots(figsize=(5.6, 3))
order = [*silent, "no bug"]
order.sort(key=lambda name: score[name].mean())
for place, name in enumerate(order):
    colour = "C0" if name == "no bug" else "C1"
    ax.plot(score[name], [place] * len(seeds), "o", color=colour, alpha=0.6)
ax.axvspan(*expected, color="C0", alpha=0.15, lw=0)
ax.set_yticks(range(len(order)), order, fontsize=9)
ax.set(ylim=(-0.5, len(order) - 0.5), xlabel="test accuracy (%)")


# %% first-loss
def loss(network, x, y):
    return -np.log(network.forward(x)[1][np.arange(len(y)), y]).mean()


def first_loss(kind, seed):  # before training: that of a guess
    network = kind(seed)
    return abs(loss(network, x_train[:1000], y_train[:1000])
               - np.log(10)) < 0.3


# %% ten-images
def ten_images(kind, seed):  # learnt by heart?
    network = kind(seed)
    for _ in range(2000):
        network.step(x_train[-10:], y_train[-10:])
    return loss(network, x_train[-10:], y_train[-10:]) < 0.01


# %% copies
def copies(kind, seed):  # every image twice: the same step?
    once, twice = kind(seed, "float64"), kind(seed, "float64")
    x, y = x_train[:50].astype("float64"), y_train[:50]
    once.step(x, y)
    twice.step(np.tile(x, (2, 1)), np.tile(y, 2))
    return all(np.allclose(a, b, atol=1e-9) for a, b in
               zip(once.w + once.b, twice.w + twice.b))


# %% gradient
def gradient(kind, seed):  # is it the slope of the loss?
    network = kind(seed, "float64")
    x, y = x_train[:50].astype("float64"), y_train[:50]
    pick = np.random.default_rng(seed)
    for layer, slopes in enumerate(network.gradient(x, y)):
        for array, slope in zip((network.w[layer], network.b[layer]), slopes):
            for place in pick.integers(0, array.size, 20):
                entry = np.unravel_index(place, array.shape)
                ends = []
                for nudge in (-1e-6, 2e-6):
                    array[entry] += nudge
                    ends.append(loss(network, x, y))
                array[entry] -= 1e-6
                if abs((ends[1] - ends[0]) / 2e-6 - slope[entry]) > 1e-6:
                    return False
    return True


# %% step
def step(kind, seed):  # is it the rate times the gradient?
    before, after = kind(seed, "float64"), kind(seed, "float64")
    x, y = x_train[:50].astype("float64"), y_train[:50]
    after.step(x, y)
    return all(
        np.allclose(old - rate * slope, new, atol=1e-9)
        for layer, slopes in enumerate(before.gradient(x, y))
        for old, new, slope in zip((before.w[layer], before.b[layer]),
                                   (after.w[layer], after.b[layer]), slopes)
    )


# %% large
def large(kind, seed):  # scores raised alike: the same answers?
    scores = np.random.default_rng(seed).normal(size=(20, 10))
    network = kind(seed)
    return np.allclose(network.softmax(scores),
                       network.softmax(scores + 1000))


# %% own-images
def own_images(kind, seed):  # known at least as well as new ones?
    network = trained[kind, seed]
    taught = kind(seed).labels(y_train)  # with the right labels or not
    return (accuracy(network, x_train, taught)
            > accuracy(network, x_test, y_test) - 0.5)


# %% expected-score
def expected_score(kind, seed):  # within what networks without it reach?
    return accuracy(trained[kind, seed], x_test, y_test) > expected[0]


# %% try-all
tests = {
    "first loss": first_loss, "ten images": ten_images, "own images": own_images,
    "score": expected_score, "large scores": large, "copies": copies,
    "gradient": gradient, "step": step,
}
caught = {name: {label: sum(not test(kind, seed) for seed in seeds)
                 for label, test in tests.items()}
          for name, kind in kinds.items()}

# %% matrix
pd.DataFrame({
    short: {label: count or "–" for label, count in caught[name].items()}
    for short, name in zip(
        ("biases", "mask", "ReLU", "maximum", "labels", "early"), [*silent, early])
}).rename_axis("check")

# %% slowly
rate = 0.01
slow = {kind: np.array([
    accuracy(kind(seed).fit(x_train, y_train), x_test, y_test)
    for seed in seeds]) for kind in (Network, TooEarly)}
rate = 0.1


# %% activity
def activity(kind, seed, steps=50):  # of the last hidden layer
    network = kind(seed)
    images = np.arange(steps * batch_size) % len(x_train)
    for batch in images.reshape(steps, -1):
        network.step(x_train[batch], y_train[batch])
    return np.linalg.norm(network.forward(x_test)[0][2], axis=1).mean()


grown = np.array([activity(TooEarly, seed) / activity(Network, seed)
                  for seed in seeds])

# %% checks tags=["claim"]
assert min(score[name].min() for name in silent) > 90  # all five train
assert score[early].max() < 15  # the sixth does not
assert not any(caught["no bug"].values())  # no false alarm
assert all(max(caught[name].values()) == len(seeds) for name in [*silent, early])
assert not any(caught[name][label] for name in kinds
               for label in ("first loss", "ten images"))
assert [name for name in kinds if caught[name]["gradient"]] == silent[:3]
assert [name for name in kinds if caught[name]["step"]] == [early]
assert [name for name in kinds if caught[name]["own images"]] == ["labels mixed up"]
assert not caught["ReLU on scores"]["score"]
assert not caught["no maximum"]["score"]
assert right.mean() - score["labels mixed up"].mean() < 1
assert right.mean() - score["biases summed"].mean() < 1.5
assert abs(slow[TooEarly].mean() - slow[Network].mean()) < 0.2
assert grown.min() > 1

# %% results tags=["values"]
{
    "seeds": {"value": len(seeds), "tolerance": 0},
    "epochs": {"value": epochs, "tolerance": 0},
    "right": {"runs": list(right / 100), "format": ".2%"},
    "summed": f"{score['biases summed'].mean():.2f}%",
    "leaky": f"{score['leaky mask'].mean():.2f}%",
    "clipped": f"{score['ReLU on scores'].mean():.2f}%",
    "no_maximum": f"{score['no maximum'].mean():.2f}%",
    "mixed": f"{score['labels mixed up'].mean():.2f}%",
    "too_early": f"{score[early].mean():.1f}%",
    "above_95": sum(score[name].mean() > 95 for name in silent),
    "pass_ten": sum(not caught[name]["ten images"] for name in [*silent, early]),
    "by_gradient": sum(caught[name]["gradient"] > 0 for name in silent),
    "slow_right": f"{slow[Network].mean():.2f}%",
    "slow_early": f"{slow[TooEarly].mean():.2f}%",
    "grown": f"{100 * (grown.mean() - 1):.0f}%",
}
