# %% [markdown]
# The whole Keras workflow on handwritten digits, with every choice measured:
# scaling, batch size, optimiser, learning rate, stopping and regularisation;
# then the result is evaluated, and fooled.

# %% setup
import tempfile
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import tensorflow as tf
from keras import layers

# %% experiment
seeds = [42, 43, 44]
batch_size = 128  # images an update
first_epochs = 15  # for the first model
race_epochs = 5  # for batch sizes and optimisers
race_updates = 100  # the same race, by updates
most_epochs = 30  # early stopping may end sooner
decay_epochs = 15  # for regularisation
cross_entropy = "sparse_categorical_crossentropy"

# %% load
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train = x_train.reshape(-1, 784).astype("float32")  # 0 to 255
x_test = x_test.reshape(-1, 784).astype("float32")

# %% split
fit_size = len(x_train) - len(x_train) // 6
x_fit, y_fit = x_train[:fit_size] / 255, y_train[:fit_size]
x_val, y_val = x_train[fit_size:] / 255, y_train[fit_size:]
x_test = x_test / 255

# %% split-values tags=["values"]
{
    "fit_images": {"value": f"{len(x_fit):,}", "tolerance": 0},
    "validation_images": {"value": f"{len(x_val):,}", "tolerance": 0},
    "test_images": {"value": f"{len(x_test):,}", "tolerance": 0},
}


# %% define
def first_model(penalty=0.01, hidden=(20, 15)):
    l2 = keras.regularizers.L2(penalty)
    return keras.Sequential(
        [keras.Input((784,))]
        + [layers.Dense(units, activation="relu", kernel_regularizer=l2)
           for units in hidden]
        + [layers.Dense(10, activation="softmax", kernel_regularizer=l2)]
    )


keras.utils.set_random_seed(seeds[0])
model = first_model()
print(f"{model.count_params():,} parameters")

# %% compile
model.compile(
    optimizer="adam", loss=cross_entropy, metrics=["accuracy"]
)

# %% fit
history = model.fit(
    x_fit, y_fit, batch_size=batch_size, epochs=first_epochs,
    validation_data=(x_val, y_val), verbose=0,
)

# %% evaluate
loss, accuracy = model.evaluate(x_val, y_val, verbose=0)
print(f"loss {loss:.3f}, accuracy {accuracy:.2%}")

# %% predict
scores = model.predict(x_val[:3], verbose=0)  # (3, 10)
print("answers", scores.argmax(axis=1), "labels", y_val[:3])

# %% penalty
share = float(sum(model.losses)) / loss  # of the loss, not from mistakes

# %% workflow-check tags=["claim"]
assert model.count_params() == 784 * 20 + 20 + 20 * 15 + 15 + 15 * 10 + 10
assert np.allclose(scores.sum(axis=1), 1, atol=1e-5)
assert 0.3 < share < 0.8

# %% workflow-values tags=["values"]
{
    "first_parameters": {
        "value": f"{model.count_params():,}", "tolerance": 0
    },
    "updates_an_epoch": {
        "value": -(-len(x_fit) // batch_size), "tolerance": 0
    },
    "penalty_share": {"value": f"{share:.0%}", "tolerance": 8},
}


# %% recipe
def first_results(scale, penalty, hidden=(20, 15)):
    results = []  # training and validation accuracy, penalty
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        model = first_model(penalty, hidden)
        model.compile(
            optimizer="adam", loss=cross_entropy, metrics=["accuracy"],
            steps_per_execution=40,
        )
        model.fit(x_fit * scale, y_fit, batch_size=batch_size,
                  epochs=first_epochs, verbose=0)
        results.append([
            model.evaluate(x * scale, y, batch_size=1000, verbose=0)[1]
            for x, y in ((x_fit, y_fit), (x_val, y_val))
        ] + [float(sum(model.losses))])
    return np.array(results)  # (3, 3)


# %% first-models
variants = {
    "pixels 0 to 255, L2": first_results(255, 0.01),
    "pixels 0 to 255": first_results(255, 0.0),
    "pixels 0 to 1, L2": first_results(1, 0.01),
    "pixels 0 to 1": first_results(1, 0.0),
    "pixels 0 to 1, 128 wide": first_results(1, 0.0, (128,)),
}

# %% scaling
pd.DataFrame({
    "training": [f"{r[:, 0].mean():.2%}" for r in variants.values()],
    "validation": [f"{r[:, 1].mean():.2%}" for r in variants.values()],
    "sd": [f"{100 * r[:, 1].std(ddof=1):.2f}" for r in variants.values()],
    "penalty": [f"{r[:, 2].mean():.2f}" for r in variants.values()],
}, index=pd.Index(variants, name="model"))

# %% scaling-check tags=["claim"]
held = {name: r[:, 1].mean() for name, r in variants.items()}
assert held["pixels 0 to 1, L2"] < 0.94
assert held["pixels 0 to 1"] > held["pixels 0 to 1, L2"] + 0.02
assert held["pixels 0 to 1"] > held["pixels 0 to 255"] + 0.03
assert held["pixels 0 to 255, L2"] > held["pixels 0 to 1, L2"] + 0.005
assert held["pixels 0 to 255"] == min(held.values())
assert variants["pixels 0 to 255"][:, 1].std(ddof=1) > 0.01
cost = {name: r[:, 2].mean() for name, r in variants.items()}
assert cost["pixels 0 to 255, L2"] < 0.5 * cost["pixels 0 to 1, L2"]
assert cost["pixels 0 to 255, L2"] < 0.7 * cost["pixels 0 to 1, L2"]
assert held["pixels 0 to 1, 128 wide"] > held["pixels 0 to 1"] + 0.01

# %% scaling-values tags=["values"]
{
    "first_epochs": {"value": first_epochs, "tolerance": 0},
    "raw_penalised": {
        "value": f"{held['pixels 0 to 255, L2']:.2%}", "tolerance": 1
    },
    "scaled_penalised": f"{held['pixels 0 to 1, L2']:.2%}",
    "scaled_free": f"{held['pixels 0 to 1']:.2%}",
    "wide_free": f"{held['pixels 0 to 1, 128 wide']:.2%}",
}

# %% race
race_size = len(x_fit) // 5
x_race, y_race = x_fit[:race_size], y_fit[:race_size]


def small_network(optimizer, seed, steps=1):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([
        keras.Input((784,)),
        layers.Dense(32, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ])
    model.compile(
        optimizer=optimizer, loss=cross_entropy, metrics=["accuracy"],
        steps_per_execution=steps,
    )
    return model


# %% track
class Track(keras.callbacks.Callback):
    """Notes the training loss as updates go by; stops after the last."""

    def __init__(self, every, last=None):
        super().__init__()
        self.every, self.last, self.losses = every, last, {}

    def on_train_begin(self, logs=None):
        self.on_train_batch_end(0)

    def on_train_batch_end(self, batch, logs=None):
        updates = int(self.model.optimizer.iterations)
        if updates % self.every == 0:
            scores = self.model(x_race[:1000])
            losses = keras.losses.get(cross_entropy)(y_race[:1000], scores)
            self.losses[updates] = float(keras.ops.mean(losses))
        self.model.stop_training = updates == self.last


# %% raced
def raced(size, seed, epochs, rate=0.1):
    model = small_network(keras.optimizers.SGD(rate), seed, steps=20)
    model.fit(x_race, y_race, batch_size=size, epochs=epochs, verbose=0)
    return model.evaluate(x_val, y_val, batch_size=1000, verbose=0)[1]


def raced_by_updates(size, seed, updates, rate=0.1):
    model = small_network(keras.optimizers.SGD(rate), seed)
    track = Track(every=5, last=updates)
    model.fit(x_race, y_race, batch_size=size, epochs=updates,
              callbacks=[track], verbose=0)
    accuracy = model.evaluate(x_val, y_val, batch_size=1000, verbose=0)[1]
    return accuracy, track.losses


# %% batch-races
sizes = {"16": 16, "128": 128, "1,024": 1024, "all at once": race_size}
by_epochs = {name: [raced(size, seed, race_epochs) for seed in seeds]
             for name, size in sizes.items()}
by_updates = {name: [raced_by_updates(size, seed, race_updates)
                     for seed in seeds] for name, size in sizes.items()}
whole = {rate: raced(race_size, seeds[0], race_epochs, rate)
         for rate in (0.3, 1.0, 3.0)}

# %% batch-losses
fig, ax = plt.subplots()
for place, (name, runs) in enumerate(by_updates.items()):
    losses = pd.DataFrame([losses for _, losses in runs]).mean()
    ax.plot(losses, label=name, lw=(2, 2, 5, 9)[place], zorder=5 - place)
ax.set(xlabel="updates", ylabel="training loss", ylim=(0, None))
ax.legend(title="images a batch", title_fontsize=10)

# %% batch-sizes
after_epochs = [np.mean(found) for found in by_epochs.values()]
after_updates = [np.mean([accuracy for accuracy, _ in runs])
                 for runs in by_updates.values()]
pd.DataFrame({
    f"updates in {race_epochs} epochs": [
        f"{race_epochs * -(-race_size // size):,}" for size in sizes.values()
    ],
    "accuracy": [f"{a:.2%}" for a in after_epochs],
    f"images in {race_updates} updates": [
        f"{race_updates * size:,}" for size in sizes.values()
    ],
    "accuracy then": [f"{a:.2%}" for a in after_updates],
}, index=pd.Index(sizes, name="batch"))

# %% batch-check tags=["claim"]
assert np.all(np.diff(after_epochs) < -0.01)
assert after_updates[1] > after_updates[0] + 0.02
assert abs(after_updates[3] - after_updates[1]) < 0.02
assert max(whole.values()) < after_epochs[1] - 0.1

# %% race-values tags=["values"]
{
    "race_images": {"value": f"{race_size:,}", "tolerance": 0},
    "race_epochs": {"value": race_epochs, "tolerance": 0},
    "race_updates": {"value": race_updates, "tolerance": 0},
    "times_as_many": {"value": race_size // 128, "tolerance": 0},
    "whole_best": {"value": f"{max(whole.values()):.0%}", "tolerance": 8},
}

# %% optimizers
optimizers = {
    "SGD": lambda rate: keras.optimizers.SGD(rate),
    "momentum": lambda rate: keras.optimizers.SGD(rate, momentum=0.9),
    "RMSprop": lambda rate: keras.optimizers.RMSprop(rate),
    "Adam": lambda rate: keras.optimizers.Adam(rate),
}
default = {"SGD": 0.01, "momentum": 0.01, "RMSprop": 0.001, "Adam": 0.001}
rates = np.array([1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1, 3])
lowest = {"SGD": 3, "momentum": 2, "RMSprop": 0, "Adam": 0}  # of the rates


# %% try-rate
def tried(name, rate, seed, track=None):
    model = small_network(optimizers[name](rate), seed, steps=10)
    model.fit(x_race, y_race, batch_size=batch_size, epochs=race_epochs,
              callbacks=[track] if track else None, verbose=0)
    return model.evaluate(x_val, y_val, batch_size=1000, verbose=0)[1]


by_rate = {
    name: {rate: tried(name, rate, seeds[0])
           for rate in rates[first:first + 7]}
    for name, first in lowest.items()
}
best = {name: max(tries, key=tries.get) for name, tries in by_rate.items()}

# %% learning-rates
fig, ax = plt.subplots()
for place, (name, tries) in enumerate(by_rate.items()):
    tried_rates, found = list(tries), 100 * np.array(list(tries.values()))
    ax.plot(tried_rates, found, "o-", color=f"C{place}", label=name)
    ax.plot(default[name], 100 * tries[default[name]], "o",
            color=f"C{place}", markersize=12, markerfacecolor="none")
ax.set(xscale="log", xlabel="learning rate",
       ylabel="validation accuracy (%)", ylim=(60, 96))
fig.legend(loc="outside upper center", ncols=4)

# %% best-rates
tracks, with_best, with_default = {}, {}, {}
for name, rate in best.items():
    tracks[name] = [Track(every=1) for _ in seeds]
    with_best[name] = np.array([
        tried(name, rate, seed, track)
        for seed, track in zip(seeds, tracks[name])
    ])
    with_default[name] = np.array([
        tried(name, default[name], seed) for seed in seeds
    ])

# %% optimizer-losses
fig, ax = plt.subplots()
for place, (name, runs) in enumerate(tracks.items()):
    losses = pd.DataFrame([track.losses for track in runs]).T
    ax.plot(losses, color=f"C{place}", lw=1, alpha=0.25)
    ax.plot(losses.mean(axis=1), color=f"C{place}", label=name)
ax.set(xlabel="updates", ylabel="training loss", ylim=(0, 1))
fig.legend(loc="outside upper center", ncols=4)

# %% optimizer-table
pd.DataFrame({
    "default rate": [f"{rate:g}" for rate in default.values()],
    "accuracy": [f"{a.mean():.2%}" for a in with_default.values()],
    "best rate": [f"{rate:g}" for rate in best.values()],
    "accuracy then": [f"{a.mean():.2%}" for a in with_best.values()],
    "sd": [f"{100 * a.std(ddof=1):.2f}" for a in with_best.values()],
}, index=pd.Index(best, name="optimiser"))

# %% optimizer-check tags=["claim"]
at_best = np.array([a.mean() for a in with_best.values()])
at_default = np.array([a.mean() for a in with_default.values()])
assert float(keras.optimizers.RMSprop().learning_rate) == np.float32(0.001)
assert float(keras.optimizers.SGD().learning_rate) == np.float32(0.01)
assert float(keras.optimizers.Adam().learning_rate) == np.float32(0.001)
assert np.ptp(at_best) < 0.7 * np.ptp(at_default)
assert at_best[[1, 3]].min() > at_best[0]
assert at_best[0] > at_default[0] + 0.05
assert best["SGD"] >= 10 * best["Adam"]
for name in ("SGD", "momentum"):  # a cliff behind the best rate
    assert by_rate[name][max(by_rate[name])] < 0.5
for name in ("RMSprop", "Adam"):
    assert by_rate[name][max(by_rate[name])] > 0.6

# %% losses-check tags=["claim"]
curve = {name: pd.DataFrame([track.losses for track in runs]).mean()
         for name, runs in tracks.items()}
heights = {name: losses.mean() for name, losses in curve.items()}
assert min(heights, key=heights.get) == "Adam"
for name in ("SGD", "RMSprop"):  # peaks at the end of an epoch
    rise = curve[name].diff()[1:]
    ends = rise.index % -(-race_size // batch_size) == 0
    assert (rise[ends][:3] > 0).all()


# %% tail
order = np.argsort(y_race, kind="stable")  # all zeros first, nines last
model = small_network("adam", seeds[0])
history = model.fit(
    x_race[order], y_race[order], validation_split=0.2,
    batch_size=batch_size, epochs=3, verbose=0,
)
tail_accuracy = history.history["val_accuracy"][-1]
print("held out:", np.unique(y_race[order][-(race_size // 5):]))
print(f"validation accuracy: {tail_accuracy:.2%}")

# %% tail-check tags=["claim"]
assert tail_accuracy < 0.25

# %% optimizer-values tags=["values"]
{
    "leftover": {"value": race_size % batch_size, "tolerance": 0},
    "spread_default": {
        "value": f"{100 * np.ptp(at_default):.1f}", "tolerance": 4
    },
    "spread_best": {"value": f"{100 * np.ptp(at_best):.1f}", "tolerance": 2},
    "sgd_default": {"value": f"{at_default[0]:.1%}", "tolerance": 3},
    "sgd_best": {"value": f"{at_best[0]:.1%}", "tolerance": 2},
    "tail_accuracy": {"value": f"{tail_accuracy:.2%}", "tolerance": 12},
}

# %% build
def build(seed, rate):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([
        keras.Input((784,)),
        layers.Dense(128, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ])
    model.compile(
        optimizer=keras.optimizers.Adam(rate), loss=cross_entropy,
        metrics=["accuracy"], steps_per_execution=40,
    )
    return model


# %% early-stopping
def stopped_early(seed, rate=0.001):
    stop = keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=3, restore_best_weights=True
    )
    model = build(seed, rate)
    model.fit(
        x_fit, y_fit, batch_size=batch_size, epochs=most_epochs,
        validation_data=(x_val, y_val), callbacks=[stop], verbose=0,
    )
    return model


networks = [stopped_early(seed) for seed in seeds]

# %% history
history = networks[0].history
print(list(history.history))
for epoch, loss in enumerate(history.history["val_loss"], start=1):
    print(f"epoch {epoch:2}: validation loss {loss:.4f}")

# %% history-check tags=["claim"]
held_out = [network.history.history["val_loss"] for network in networks]
for network, losses in zip(networks, held_out):
    kept = network.evaluate(x_val, y_val, batch_size=1000, verbose=0)[0]
    assert abs(kept - min(losses)) < 1e-3
    assert len(losses) == most_epochs or np.argmin(losses) == len(losses) - 4

assert held_out[0][-1] > min(held_out[0])

# %% final-rates
by_final_rate = {0.001: networks[0]}
for rate in (0.003, 0.01):
    by_final_rate[rate] = stopped_early(seeds[0], rate)
final = {
    rate: network.evaluate(x_val, y_val, batch_size=1000, verbose=0)[1]
    for rate, network in by_final_rate.items()
}
for rate, found in final.items():
    print(f"Adam at {rate:g}: {found:.2%} of the validation images")

# %% final-rates-check tags=["claim"]
assert final[0.001] > max(final.values()) - 0.004
assert final[0.01] < max(final.values()) - 0.005

# %% test
scores = np.array([  # (3, 10000, 10)
    network.predict(x_test, batch_size=1000, verbose=0)
    for network in networks
])
answers = scores.argmax(axis=2)
accuracy = (answers == y_test).mean(axis=1)  # one a seed
mean, sd = accuracy.mean(), accuracy.std(ddof=1)
sampling = 1.96 * np.sqrt(mean * (1 - mean) / len(y_test))

# %% test-values tags=["values"]
stops = [len(losses) for losses in held_out]
{
    "test_accuracy": f"{mean:.2%}",
    "test_sd": {"value": f"{100 * sd:.2f}", "tolerance": 0.2},
    "range_low": {"value": f"{mean - 2 * sd:.2%}", "tolerance": 0.5},
    "range_high": {"value": f"{mean + 2 * sd:.2%}", "tolerance": 0.5},
    "sampling": {"value": f"{100 * sampling:.2f}", "tolerance": 0.05},
    "parameters": {
        "value": f"{networks[0].count_params():,}", "tolerance": 0
    },
    "earliest_stop": {"value": min(stops), "tolerance": 5},
    "latest_stop": {"value": max(stops), "tolerance": 6},
}

# %% confusion
pairs = np.zeros((10, 10), int)  # label, answer; three networks together
for given in answers:
    np.add.at(pairs, (y_test, given), 1)
errors = pairs * (1 - np.eye(10, dtype=int))
fig, ax = plt.subplots(figsize=(4.8, 4.5))
ax.imshow(errors, vmax=2.5 * errors.max())
for (label, answer), count in np.ndenumerate(errors):
    if count:
        ax.text(answer, label, count, ha="center", va="center")
ax.set(xticks=range(10), yticks=range(10))
ax.set(xlabel="answer of the network", ylabel="label")
ax.tick_params(length=0)
ax.grid(False)

# %% by-digit
found = pairs.diagonal() / pairs.sum(axis=1)
trusted = pairs.diagonal() / pairs.sum(axis=0)
pd.DataFrame({
    "test images": [f"{(y_test == d).sum():,}" for d in range(10)],
    "of them found": [f"{share:.2%}" for share in found],
    "right when it says so": [f"{share:.2%}" for share in trusted],
    "most often taken for": [str(d) for d in errors.argmax(axis=1)],
}, index=pd.Index(range(10), name="digit"))

# %% sure-and-wrong
confidence = scores.mean(axis=0)  # (10000, 10), of three networks
answer = confidence.argmax(axis=1)
sure = np.where(answer == y_test, 0, confidence.max(axis=1))
worst = np.argsort(-sure)[:8]
fig, axes = plt.subplots(2, 4, figsize=(5.6, 3.7))
for ax, i in zip(axes.flat, worst):
    ax.imshow(x_test[i].reshape(28, 28))
    ax.set_title(f"{answer[i]}, not {y_test[i]}\n{sure[i]:.1%} sure",
                 fontweight="normal", loc="center")
    ax.axis("off")

# %% disputed
disputed = {947, 6651, 2462, 2597, 3558, 5937, 1621, 1901, 6783, 9729,
            2130, 8527, 2654, 3520, 9679}  # Northcutt et al., 2021
wrong = np.flatnonzero(answer != y_test)
of_worst = len(disputed & set(worst.tolist()))
of_wrong = len(disputed & set(wrong.tolist()))

# %% evaluation-check tags=["claim"]
assert mean > 0.97 and sd < 0.004
assert found[[0, 1]].min() > found[[8, 9]].max()
assert min(errors[4, 9], errors[9, 4]) > 1.5 * errors.mean()
assert sure[worst].min() > 0.9
assert of_worst >= 2

# %% evaluation-values tags=["values"]
most_wrong = np.unravel_index(errors.argmax(), errors.shape)
{
    "hardest": {"value": int(found.argmin()), "tolerance": 9},
    "hardest_found": {"value": f"{found.min():.2%}", "tolerance": 1},
    "easiest_found": {"value": f"{found.max():.2%}", "tolerance": 0.5},
    "usual_label": {"value": int(most_wrong[0]), "tolerance": 9},
    "usual_answer": {"value": int(most_wrong[1]), "tolerance": 9},
    "usual_count": {"value": int(errors.max()), "tolerance": 20},
    "least_sure": {"value": f"{sure[worst].min():.1%}", "tolerance": 3},
    "of_worst": {"value": of_worst, "tolerance": 3},
    "of_wrong": {"value": of_wrong, "tolerance": 4},
    "wrong": len(wrong),
}


# %% decayed
def decayed(seed, l2=0.0, decay=0.0):
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
        steps_per_execution=10,
    )
    return model


# %% idle-weights
dead = x_race.max(axis=0) == 0  # pixels without ink in every image


def decay_results(**strength):
    results = []
    for seed in seeds:
        model = decayed(seed, **strength)
        before = np.abs(model.get_weights()[0][dead]).mean()
        model.fit(x_race, y_race, batch_size=batch_size,
                  epochs=decay_epochs, verbose=0)
        after = np.abs(model.get_weights()[0][dead]).mean()
        results.append([
            model.evaluate(x, y, batch_size=1000, verbose=0)[1]
            for x, y in ((x_race, y_race), (x_val, y_val))
        ] + [after / before])
    return np.array(results)  # (3, 3)


# %% decays
decays = {
    "none": decay_results(),
    "L2, 0.00001": decay_results(l2=1e-5),
    "L2, 0.0001": decay_results(l2=1e-4),
    "L2, 0.001": decay_results(l2=1e-3),
    "decoupled, 0.01": decay_results(decay=0.01),
    "decoupled, 0.1": decay_results(decay=0.1),
    "decoupled, 1": decay_results(decay=1.0),
}

# %% decay
pd.DataFrame({
    "training": [f"{r[:, 0].mean():.2%}" for r in decays.values()],
    "validation": [f"{r[:, 1].mean():.2%}" for r in decays.values()],
    "sd": [f"{100 * r[:, 1].std(ddof=1):.2f}" for r in decays.values()],
    "idle weights left": [f"{r[:, 2].mean():.1%}" for r in decays.values()],
}, index=pd.Index(decays, name="regularisation"))

# %% decay-check tags=["claim"]
steps = decay_epochs * -(-race_size // batch_size)
left = {name: results[:, 2].mean() for name, results in decays.items()}
assert left["none"] == 1
for name in ("L2, 0.00001", "L2, 0.0001", "L2, 0.001"):
    assert left[name] < 0.001
for decay in (0.01, 0.1, 1):
    expected = (1 - 0.001 * decay) ** steps
    assert abs(left[f"decoupled, {decay}"] / expected - 1) < 0.01

# %% decay-effect tags=["claim"]
kept = {name: results[:, 1].mean() for name, results in decays.items()}
for name in ("L2, 0.00001", "L2, 0.0001", "decoupled, 0.01",
             "decoupled, 0.1"):
    assert abs(kept[name] - kept["none"]) < 0.004
assert kept["L2, 0.001"] < kept["none"] - 0.001
assert kept["decoupled, 1"] < kept["none"] - 0.001

# %% decay-values tags=["values"]
{
    "dead_pixels": {"value": int(dead.sum()), "tolerance": 0},
    "decay_epochs": {"value": decay_epochs, "tolerance": 0},
    "decay_steps": {"value": f"{steps:,}", "tolerance": 0},
}

# %% submission
path = Path(tempfile.mkdtemp()) / "submission.csv"
pd.DataFrame({
    "ImageId": np.arange(1, len(y_test) + 1), "Label": answers[0]
}).to_csv(path, index=False)
print(path.read_text()[:22])

# %% submission-check tags=["claim"]
submission = pd.read_csv(path)
assert list(submission.columns) == ["ImageId", "Label"]
assert list(submission["ImageId"]) == list(range(1, len(x_test) + 1))
assert submission["Label"].isin(range(10)).all()
assert abs((submission["Label"] == y_test).mean() - accuracy[0]) < 0.001


# %% attack
def attack(model, x, y, epsilon):
    x = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        losses = keras.losses.get(cross_entropy)(y, model(x))
    slope = tape.gradient(losses, x)  # (n, 784)
    return tf.clip_by_value(x + epsilon * tf.sign(slope), 0, 1).numpy()


# %% fooled
epsilon = 0.1
five = np.array([np.flatnonzero((y_test == d) & (answers[0] == d))[0]
                 for d in (0, 2, 3, 4, 7)])
attacked = attack(networks[0], x_test[five], y_test[five], epsilon)
new_scores = networks[0].predict(attacked, verbose=0)

# %% fooled-digits
fig, axes = plt.subplots(3, 5, figsize=(5.6, 4.5))
for column, i, new, result in zip(axes.T, five, attacked, new_scores):
    change = new - x_test[i]
    column[0].imshow(x_test[i].reshape(28, 28))
    column[0].set_title(f"a {y_test[i]}", loc="center")
    column[1].imshow(change.reshape(28, 28), cmap="RdBu_r",
                     vmin=-2 * epsilon, vmax=2 * epsilon)
    column[2].imshow(new.reshape(28, 28))
    column[2].set_title(f"“{result.argmax()}”, {result.max():.0%}",
                        loc="center")
for ax in axes.flat:
    ax.axis("off")

# %% attacks
def right(model, x):
    return (model.predict(x, batch_size=1000, verbose=0).argmax(axis=1)
            == y_test).mean()


strengths = np.array([0, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2])
rng = np.random.default_rng(seeds[0])
signs = rng.choice([-1, 1], x_test.shape).astype("float32")
under_attack = np.array([
    [right(m, attack(m, x_test, y_test, e)) for e in strengths]
    for m in networks
])  # (3, 9)
under_noise = np.array([
    [right(m, np.clip(x_test + e * signs, 0, 1)) for e in strengths]
    for m in networks
])

# %% robustness
fig, ax = plt.subplots()
for colour, each in (("C0", under_noise), ("C1", under_attack)):
    ax.plot(strengths, 100 * each.T, color=colour, lw=1, alpha=0.3)
    ax.plot(strengths, 100 * each.mean(axis=0), "o-", color=colour)
ax.text(0.045, 91, "random changes", color="C0", va="top")
ax.text(0.08, 30, "attack", color="C1")
ax.set(xlabel="largest change of a pixel (1 = from paper to ink)",
       ylabel="test accuracy (%)", ylim=(0, 103))

# %% transfer
borrowed = attack(networks[0], x_test, y_test, epsilon)
transferred = np.mean([right(m, borrowed) for m in networks[1:]])
at = list(strengths).index(epsilon)
attacked_mean = under_attack[:, at].mean()
noisy_mean = under_noise[:, at].mean()

# %% attack-check tags=["claim"]
assert np.allclose(under_attack[:, 0], accuracy)
assert attacked_mean < 0.35
assert noisy_mean > 0.9
assert (new_scores.argmax(axis=1) != y_test[five]).all()
assert transferred < 0.6
assert np.abs(borrowed - x_test).max() < epsilon + 1e-6

# %% attack-values tags=["values"]
{
    "epsilon": {"value": f"{epsilon:g}", "tolerance": 0},
    "attacked": {"value": f"{attacked_mean:.0%}", "tolerance": 8},
    "noisy": {"value": f"{noisy_mean:.0%}", "tolerance": 3},
    "transferred": {"value": f"{transferred:.0%}", "tolerance": 10},
}
