# %% [markdown]
# Who wrote MNIST, and what a score is worth if the readers know the hands:
# a validation set of known writers beside one of strangers.

# %% setup
import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from keras import layers

# %% experiment
seeds = range(42, 47)  # each draws its own writers
share = 5  # of the writers, one in so many is read
hidden_units = 128
batch_size = 100
epochs = 5

# %% load
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train = x_train.reshape(-1, 784).astype("float32") / 255
x_test = x_test.reshape(-1, 784).astype("float32") / 255

# %% writers
with np.load("mnist-writers.npz") as file:
    writer, test_writer = (
        file[name][:count] for name, count in
        (("train_writer", len(x_train)), ("test_writer", len(x_test))))
student = writer > 2000  # the others worked at the Census Bureau
test_student = test_writer > 2000

# %% hands
def counted(who, students):
    return [len(who), len(np.unique(who)), students.sum(),
            len(np.unique(who[students])), (~students).sum(),
            len(np.unique(who[~students]))]


pd.DataFrame(
    {"training": counted(writer, student),
     "test": counted(test_writer, test_student)},
    index=pd.Index(["images", "writers", "by students", "students",
                    "by employees", "employees"], name=""),
)


# %% split
def split(rng):  # what to read, and two sets to learn from
    chosen, others = [], []
    for group in (student, ~student):
        hands = rng.permutation(np.unique(writer[group]))
        theirs = np.isin(writer, hands[: len(hands) // share])
        chosen.append(rng.permutation(np.flatnonzero(theirs)))
        others.append(rng.permutation(np.flatnonzero(group & ~theirs)))
    half = [len(images) // 2 for images in chosen]
    to_read = [images[:h] for images, h in zip(chosen, half)]
    same_hands = [images[h:] for images, h in zip(chosen, half)]
    other_hands = [images[: len(s)] for images, s in zip(others, same_hands)]
    rest = [images[len(s) :] for images, s in zip(others, same_hands)]
    return [np.concatenate(parts) for parts in (
        to_read, rest + same_hands, rest + other_hands)]


# %% nearest
def nearest(x, y, others):  # the label of the nearest image
    answers = []
    for some in np.array_split(others, len(others) // 500 + 1):
        apart = (x**2).sum(axis=1) - 2 * some @ x.T
        answers.append(y[apart.argmin(axis=1)])
    return np.concatenate(answers)


# %% squares
def squares(x, y):  # a linear reader
    lift = np.c_[x, np.ones(len(x), x.dtype)].astype("float64")
    both = lift.T @ lift + 1e-3 * np.eye(lift.shape[1])
    return np.linalg.solve(both, lift.T @ np.eye(10)[y])


# %% network
def network(x, y, seed):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([
        keras.Input((784,)),
        layers.Dense(hidden_units, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy",
                  steps_per_execution=50)
    model.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=0)
    return model


# %% all-runs
def readers(x, y, seed):
    weights = squares(x, y)
    model = network(x, y, seed)
    return {
        "nearest image": lambda z: nearest(x, y, z),
        "least squares": lambda z: (
            z @ weights[:-1] + weights[-1]).argmax(axis=1),
        "network": lambda z: model.predict(
            z, batch_size=1000, verbose=0).argmax(axis=1),
    }


kinds = ["nearest image", "least squares", "network"]
errors = np.zeros((len(seeds), 3, 2))  # readers; hands known, strangers
on_test = np.zeros((len(seeds), 3, 2))
misread = np.zeros((len(seeds), len(y_test)))  # by the network
for n, seed in enumerate(seeds):
    to_read, *learn = split(np.random.default_rng(seed))
    for k, some in enumerate(learn):
        each = readers(x_train[some], y_train[some], seed)
        for r, kind in enumerate(kinds):
            wrong = each[kind](x_train[to_read]) != y_train[to_read]
            errors[n, r, k] = 100 * wrong.mean()
            wrong = each[kind](x_test) != y_test
            on_test[n, r, k] = 100 * wrong.mean()
        misread[n] = wrong
more = errors[:, :, 1] - errors[:, :, 0]  # of strangers' digits

# %% strangers
fig, panels = plt.subplots(1, 3, figsize=(5.6, 3))
test = on_test.mean(axis=(0, 2))
low = np.minimum(errors.min(axis=(0, 2)), test)
high = np.maximum(errors.max(axis=(0, 2)), test)
reach = 0.55 * (high - low).max()  # one scale for all: slopes compare
for r, (ax, kind) in enumerate(zip(panels, kinds)):
    ax.plot(errors[:, r].T, "o-", color="C0", alpha=0.6, lw=1)
    ax.axhline(test[r], color="C1", lw=1, ls="--")
    middle = (low[r] + high[r]) / 2
    ax.set(title=kind, xlim=(-0.4, 1.4), ylim=(middle - reach, middle + reach))
    ax.set_xticks([0, 1], ["known", "new"])
panels[0].set(ylabel="misread (%)")

# %% results
pd.DataFrame({
    "hands known": [f"{e:.2f}%" for e in errors[:, :, 0].mean(axis=0)],
    "hands new": [f"{e:.2f}%" for e in errors[:, :, 1].mean(axis=0)],
    "difference": [f"{d:.2f}" for d in more.mean(axis=0)],
    "sd": [f"{d:.2f}" for d in more.std(axis=0, ddof=1)],
    "test set": [f"{e:.2f}%" for e in test],
}, index=pd.Index(kinds, name="reader"))

# %% by-writer
place, rate = [], []
for hand in np.unique(test_writer):
    theirs = test_writer == hand
    place.append(np.flatnonzero(theirs).mean())
    rate.append(100 * misread[:, theirs].mean())
place, rate = np.array(place), np.array(rate)
fig, ax = plt.subplots(figsize=(5.6, 3))
young = np.unique(test_writer) > 2000
ax.scatter(place[young], rate[young], s=12, color="C1", alpha=0.7, linewidths=0)
ax.scatter(place[~young], rate[~young], s=12, color="C0", alpha=0.7, linewidths=0)
top = ax.get_ylim()[1]
ax.text(len(y_test) * 0.25, top, "students", color="C1", ha="center")
ax.text(len(y_test) * 0.75, top, "employees", color="C0", ha="center")
ax.set(xlabel="place in the test set", ylabel="misread (%)", ylim=(-1, 1.08 * top))

# %% halves
halves = [100 * misread[:, test_student == who].mean() for who in (True, False)]

# %% checks tags=["claim"]
assert not np.isin(test_writer, writer).any()  # no writer is in both
assert (more[:, 0] > 0).all()  # nearest image: in every draw
assert more[:, 0].mean() > 0.2
assert more[:, 2].mean() > 0
assert errors[:, 0, 1].mean() > errors[:, 2, 1].mean()
assert test[0] > test[2]  # new hands: the network is the better one
assert more[:, 0].mean() > more[:, 1:].mean()
assert abs(on_test[:, :, 0] - on_test[:, :, 1]).max() < 0.8
assert halves[0] > 1.5 * halves[1]  # the first half is the harder one

# %% numbers tags=["values"]
{
    "writers": {"value": len(np.unique(writer)), "tolerance": 0},
    "employees": {"value": len(np.unique(writer[~student])), "tolerance": 0},
    "students": {"value": len(np.unique(writer[student])), "tolerance": 0},
    "by_students": {"value": int(student.sum()), "tolerance": 0},
    "test_writers": {"value": len(np.unique(test_writer)), "tolerance": 0},
    "shared_writers": {
        "value": int(np.isin(np.unique(test_writer), writer).sum()),
        "tolerance": 0,
    },
    "digits_each": {"value": f"{len(writer) / len(np.unique(writer)):.0f}",
                    "tolerance": 0},
    "draws": {"value": len(seeds), "tolerance": 0},
    "nearest_known": f"{errors[:, 0, 0].mean():.2f}%",
    "nearest_new": f"{errors[:, 0, 1].mean():.2f}%",
    "nearest_more": f"{100 * more[:, 0].mean() / errors[:, 0, 0].mean():.0f}%",
    "squares_more": f"{more[:, 1].mean():.2f}",
    "network_known": f"{errors[:, 2, 0].mean():.2f}%",
    "network_new": f"{errors[:, 2, 1].mean():.2f}%",
    "nearest_test": f"{test[0]:.2f}%",
    "network_test": f"{test[2]:.2f}%",
    "network_more": f"{more[:, 2].mean():.2f}",
    "first_half": f"{halves[0]:.1f}%",
    "second_half": f"{halves[1]:.1f}%",
    "worst_writer": f"{rate.max():.0f}%",
}
