# %% [markdown]
# The whole Keras workflow on handwritten digits, five choices measured:
# scaling and penalty, batch size, optimiser and rate, the moment to stop.

# %% setup
import tempfile
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from keras import layers

# %% experiment
batch_size = 128  # images an update
first_epochs = 15  # for the first model
race_epochs = 5  # for batch sizes and optimisers
epochs = 20  # for the network that is judged
seed = 42
seeds = [seed + n for n in range(5)]
few_seeds = seeds[:3]  # where more would take too long
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


keras.utils.set_random_seed(seed)
model = first_model()
model.summary(line_length=64)

# %% compile
model.compile(
    optimizer="adam", loss=cross_entropy, metrics=["accuracy"]
)

# %% fit
history = model.fit(
    x_fit, y_fit, batch_size=batch_size, epochs=first_epochs,
    validation_data=(x_val, y_val), verbose=2,
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
assert 0.4 < share < 0.7

# %% workflow-values tags=["values"]
{
    "updates_an_epoch": {
        "value": -(-len(x_fit) // batch_size), "tolerance": 0
    },
    "penalty_share": {"value": f"{share:.0%}", "tolerance": 6},
}


# %% recipe
def first_results(scale, penalty):
    results = []  # training and validation accuracy, penalty
    for seed in few_seeds:
        keras.utils.set_random_seed(seed)
        model = first_model(penalty)
        model.compile(
            optimizer="adam", loss=cross_entropy, metrics=["accuracy"],
            steps_per_execution=17,
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
}

# %% scaling
pd.DataFrame({
    "training": [f"{r[:, 0].mean():.2%}" for r in variants.values()],
    "validation": [f"{r[:, 1].mean():.2%}" for r in variants.values()],
    "sd": [f"{100 * r[:, 1].std(ddof=1):.2f}" for r in variants.values()],
    "penalty": [f"{r[:, 2].mean():.2f}" for r in variants.values()],
}, index=pd.Index(variants, name="model"))

# %% two-mistakes
fig, ax = plt.subplots(figsize=(5.6, 3.3))
for name, colour, text, above in (
    ("L2", "C1", "with the penalty", 1.1), ("", "C0", "without it", -2.2)
):
    pair = [variants[f"pixels 0 to {top}{', L2' if name else ''}"][:, 1]
            for top in (255, 1)]
    ax.plot([0, 1], 100 * np.array(pair), "o", color=colour, alpha=0.4)
    ax.plot([0, 1], [100 * p.mean() for p in pair], color=colour)
    ax.text(0.05, 100 * pair[0].mean() + above, text, color=colour)
ax.set(xlim=(-0.25, 1.25), ylabel="validation accuracy (%)")
ax.set_xticks([0, 1], ["pixels 0 to 255", "pixels 0 to 1"])

# %% scaling-check tags=["claim"]
held = {name: r[:, 1].mean() for name, r in variants.items()}
assert held["pixels 0 to 255, L2"] > held["pixels 0 to 1, L2"] + 0.005
assert held["pixels 0 to 255, L2"] > held["pixels 0 to 255"]
assert held["pixels 0 to 1"] > held["pixels 0 to 255"] + 0.02
cost = {name: r[:, 2].mean() for name, r in variants.items()}
assert cost["pixels 0 to 255, L2"] < 0.5 * cost["pixels 0 to 1, L2"]

# %% scaling-values tags=["values"]
{
    "first_epochs": {"value": first_epochs, "tolerance": 0},
    "raw_penalised": f"{held['pixels 0 to 255, L2']:.1%}",
    "raw_free": f"{held['pixels 0 to 255']:.0%}",
    "scaled_penalised": f"{held['pixels 0 to 1, L2']:.1%}",
    "scaled_free": f"{held['pixels 0 to 1']:.1%}",
}

# %% race
whole_batches = len(x_fit) // 5 // batch_size
race_size = whole_batches * batch_size
x_race, y_race = x_fit[:race_size], y_fit[:race_size]


def small_network(optimizer, steps=1):
    model = keras.Sequential([
        keras.Input((784,)),
        layers.Dense(32, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ])
    model.compile(
        optimizer=optimizer, loss=cross_entropy, metrics=["accuracy"],
        steps_per_execution=steps,
    )
    model.optimizer.build(model.trainable_variables)
    return model


# %% begin-anew
def begin_anew(model, seed, rate):  # quicker than to build another
    keras.utils.set_random_seed(seed)
    for layer in model.layers:
        draw = keras.initializers.GlorotUniform()
        layer.kernel.assign(draw(layer.kernel.shape))
        layer.bias.assign(keras.ops.zeros(layer.bias.shape))
    for variable in model.optimizer.variables:
        variable.assign(keras.ops.zeros(variable.shape, variable.dtype))
    model.optimizer.learning_rate.assign(rate)


def validated(model):
    return model.evaluate(x_val, y_val, batch_size=1000, verbose=0)[1]


# %% by-epochs
def by_epochs(model, size, seed, rate=0.1):
    begin_anew(model, seed, rate)
    model.fit(x_race, y_race, batch_size=size, epochs=race_epochs, verbose=0)
    return validated(model)


# %% by-updates
def by_updates(model, size, seed, rate):  # as many as an epoch at 128
    begin_anew(model, seed, rate)
    part = min(race_size, whole_batches * size)  # images that are needed
    model.fit(x_race[:part], y_race[:part], batch_size=size,
              epochs=whole_batches * size // part, verbose=0)
    assert int(model.optimizer.iterations) == whole_batches
    return validated(model)


# %% batch-races
sizes = [race_size // 624, 128, race_size // 6, race_size]
sgd = [small_network(keras.optimizers.SGD(), min(race_size // size, 13))
       for size in sizes]
equal_epochs = np.array([
    [by_epochs(model, size, seed) for seed in few_seeds]
    for model, size in zip(sgd, sizes)
])  # (4, 3)
equal_updates = {
    rate: np.array([
        [by_updates(model, size, seed, rate) for seed in few_seeds]
        for model, size in zip(sgd, sizes)
    ]) for rate in (0.1, 1.0)
}

# %% batch-sizes
pd.DataFrame({
    f"{race_epochs} epochs": [f"{a.mean():.1%}" for a in equal_epochs],
    f"{whole_batches} updates": [
        f"{a.mean():.1%}" for a in equal_updates[0.1]
    ],
    "the same at rate 1": [f"{a.mean():.1%}" for a in equal_updates[1.0]],
}, index=pd.Index([f"{size:,}" for size in sizes], name="batch"))

# %% batch-check tags=["claim"]
assert (np.diff(equal_epochs.mean(axis=1)) < -0.01).all()
slow, quick = (a.mean(axis=1) for a in equal_updates.values())
assert slow[1] > slow[0] + 0.01
assert abs(slow[3] - slow[1]) < 0.03
assert quick[3] > quick[1] + 0.02 > quick[0] + 0.1
assert quick[3] > slow[3] - 0.01

# %% race-values tags=["values"]
{
    "race_images": {"value": f"{race_size:,}", "tolerance": 0},
    "race_epochs": {"value": race_epochs, "tolerance": 0},
    "race_updates": {"value": whole_batches, "tolerance": 0},
    "times_as_many": {"value": race_size // 128, "tolerance": 0},
}

# %% optimizers
optimizers = {
    "SGD": keras.optimizers.SGD(),
    "momentum": keras.optimizers.SGD(momentum=0.9),
    "RMSprop": keras.optimizers.RMSprop(),
    "Adam": keras.optimizers.Adam(),
}
default = {"SGD": 0.01, "momentum": 0.01, "RMSprop": 0.001, "Adam": 0.001}
higher = {"SGD": 0.3, "momentum": 0.1, "RMSprop": 0.003, "Adam": 0.01}
rates = np.array([1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1, 3])
lowest = {"SGD": 4, "momentum": 3, "RMSprop": 1, "Adam": 1}  # of the rates


# %% try-rate
racers = {name: small_network(optimizer, steps=13)
          for name, optimizer in optimizers.items()}


def tried(name, rate, seed, size=race_size, callbacks=None):
    model = racers[name]
    begin_anew(model, seed, rate)
    model.fit(x_fit[:size], y_fit[:size], batch_size=batch_size,
              epochs=race_epochs, callbacks=callbacks, verbose=0)
    return validated(model)


# %% try-rates
by_rate = {
    name: {rate: np.array([tried(name, rate, seed) for seed in few_seeds])
           for rate in rates[first:first + 6]}
    for name, first in lowest.items()
}

# %% learning-rates
fig, ax = plt.subplots()
for place, (name, found) in enumerate(by_rate.items()):
    each = 100 * np.array(list(found.values()))  # (6, 3)
    ax.plot(list(found), each, ".", color=f"C{place}", alpha=0.4)
    ax.plot(list(found), each.mean(axis=1), color=f"C{place}", label=name)
    ax.plot(default[name], 100 * found[default[name]].mean(), "o",
            color=f"C{place}", markersize=12, markerfacecolor="none")
ax.set(xscale="log", xlabel="learning rate",
       ylabel="validation accuracy (%)", ylim=(60, 96))
fig.legend(loc="outside upper center", ncols=4)


# %% track
class Track(keras.callbacks.Callback):
    """Notes the training loss as updates go by."""

    def on_train_begin(self, logs=None):
        self.losses = {}

    def on_train_batch_end(self, batch, logs=None):
        updates = int(self.model.optimizer.iterations)
        scores = self.model(x_race[:1000])
        losses = keras.losses.get(cross_entropy)(y_race[:1000], scores)
        self.losses[updates] = float(keras.ops.mean(losses))


# %% leftover
with_leftover = len(x_fit) // 5  # what the race used at first
tracks, before, after = {}, {}, {}
for name, rate in higher.items():
    tracks[name] = [(Track(), Track()) for _ in seeds]
    before[name], after[name] = np.array([
        [tried(name, rate, seed, size, [track])
         for size, track in zip((with_leftover, race_size), pair)]
        for seed, pair in zip(seeds, tracks[name])
    ]).T  # each (5,)

# %% leftover-peaks
fig, panels = plt.subplots(1, 2, figsize=(5.6, 3), sharey=True)
for ax, name in zip(panels, ("SGD", "RMSprop")):
    for place, colour in ((1, "C0"), (0, "C1")):
        losses = pd.DataFrame([pair[place].losses for pair in tracks[name]])
        ax.plot(losses.mean(), color=colour)
    ax.set(title=name, xlabel="updates", ylim=(0, 1))
panels[0].set_ylabel("training loss")
panels[0].text(150, 0.75, f"{with_leftover:,} images", color="C1")
panels[0].text(150, 0.1, f"{race_size:,} images", color="C0")

# %% leftover-table
pd.DataFrame({
    f"{with_leftover:,} images": [f"{a.mean():.2%}" for a in before.values()],
    "sd": [f"{100 * a.std(ddof=1):.2f}" for a in before.values()],
    f"{race_size:,} images": [f"{a.mean():.2%}" for a in after.values()],
    "sd then": [f"{100 * a.std(ddof=1):.2f}" for a in after.values()],
}, index=pd.Index(before, name="optimiser"))

# %% optimizer-table
at_default = {name: by_rate[name][rate] for name, rate in default.items()}
pd.DataFrame({
    "default rate": [f"{rate:g}" for rate in default.values()],
    "accuracy": [f"{a.mean():.1%}" for a in at_default.values()],
    "higher rate": [f"{rate:g}" for rate in higher.values()],
    "accuracy then": [f"{a.mean():.1%}" for a in after.values()],
}, index=pd.Index(default, name="optimiser"))

# %% optimizer-check tags=["claim"]
better = {name: found.mean() for name, found in after.items()}
plain = {name: found.mean() for name, found in at_default.items()}
standard = {"SGD": keras.optimizers.SGD(), "Adam": keras.optimizers.Adam(),
            "RMSprop": keras.optimizers.RMSprop()}
for name, optimizer in standard.items():
    assert float(optimizer.learning_rate) == np.float32(default[name])
assert all(better[name] > plain[name] for name in optimizers)
assert np.ptp(list(better.values())) < 0.4 * np.ptp(list(plain.values()))
assert better["SGD"] > plain["Adam"] - 0.005
assert better["SGD"] > plain["SGD"] + 0.05
for name in ("SGD", "momentum"):  # beyond the useful rates
    assert by_rate[name][max(by_rate[name])].mean() < better[name] - 0.1

# %% leftover-check tags=["claim"]
for name in ("SGD", "RMSprop"):
    curve = pd.DataFrame([had.losses for had, _ in tracks[name]]).mean()
    rises = curve.diff()[curve.index % -(-with_leftover // batch_size) == 0]
    assert rises.mean() > 0
assert after["SGD"].mean() > before["SGD"].mean()  # this run

# %% optimizer-values tags=["values"]
{
    "with_leftover": {"value": f"{with_leftover:,}", "tolerance": 0},
    "leftover": {"value": with_leftover % batch_size, "tolerance": 0},
    "spread_default": f"{100 * np.ptp(list(plain.values())):.1f}",
    "spread_higher": f"{100 * np.ptp(list(better.values())):.1f}",
    "sgd_default": f"{plain['SGD']:.1%}",
    "sgd_higher": f"{better['SGD']:.1%}",
    "adam_default": f"{plain['Adam']:.1%}",
    "sgd_before": f"{before['SGD'].mean():.1%}",
    "sgd_before_sd": f"{100 * before['SGD'].std(ddof=1):.1f}",
    "sgd_after": f"{after['SGD'].mean():.1%}",
    "sgd_after_sd": f"{100 * after['SGD'].std(ddof=1):.1f}",
}

# %% tail
order = np.argsort(y_race, kind="stable")  # all zeros first, nines last
keras.utils.set_random_seed(seed)
model = small_network("adam")
history = model.fit(
    x_race[order], y_race[order], validation_split=0.2,
    batch_size=batch_size, epochs=3, verbose=0,
)
print("held out:", np.unique(y_race[order][-(race_size // 5):]))
print(f"validation accuracy: {history.history['val_accuracy'][-1]:.2%}")

# %% tail-check tags=["claim"]
assert history.history["val_accuracy"][-1] < 0.25


# %% build
def build(seed, optimizer="adam"):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([
        keras.Input((784,)),
        layers.Dense(128, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ])
    model.compile(
        optimizer=optimizer, loss=cross_entropy, metrics=["accuracy"],
        steps_per_execution=17,
    )
    return model


# %% early-stopping
stop = keras.callbacks.EarlyStopping(
    monitor="val_loss", patience=3, restore_best_weights=True
)
model = build(seed)
history = model.fit(
    x_fit, y_fit, batch_size=batch_size, epochs=epochs,
    validation_data=(x_val, y_val), callbacks=[stop], verbose=0,
)
print(list(history.history))
print(f"stopped after {len(history.epoch)} epochs")

# %% train
networks = []
for seed in seeds:
    network = build(seed)
    networks.append(network)
    network.fit(
        x_fit, y_fit, batch_size=batch_size, epochs=epochs,
        validation_data=(x_val, y_val), verbose=0,
    )


# %% where-it-stops
def kept_epoch(losses, patience=3):  # the one that EarlyStopping would keep
    for epoch in range(patience, len(losses)):
        best = int(np.argmin(losses[:epoch + 1]))
        if epoch - best == patience:
            return best
    return int(np.argmin(losses))


long = {name: np.array([network.history.history[name]
                        for network in networks])
        for name in ("loss", "val_loss", "val_accuracy")}  # each (5, 20)
kept = [kept_epoch(losses) for losses in long["val_loss"]]
stopped = long["val_accuracy"][np.arange(len(seeds)), kept]
unstopped = long["val_accuracy"][:, -1]

# %% training-plot
fig, panels = plt.subplots(1, 2, figsize=(5.6, 3))
number = np.arange(1, epochs + 1)
for name, colour in (("loss", "C0"), ("val_loss", "C1")):
    panels[0].plot(number, long[name].T, color=colour, lw=1, alpha=0.3)
    panels[0].plot(number, long[name].mean(axis=0), color=colour)
panels[1].plot(number, 100 * long["val_accuracy"].T, color="C1", lw=1,
               alpha=0.3)
panels[1].plot(number, 100 * long["val_accuracy"].mean(axis=0), color="C1")
for k, losses, found in zip(kept, long["val_loss"], long["val_accuracy"]):
    panels[0].plot(k + 1, losses[k], "o", color="C1")
    panels[1].plot(k + 1, 100 * found[k], "o", color="C1")
panels[0].set(title="loss", xlabel="epoch", ylim=(0, 0.2))
panels[1].set(title="validation accuracy (%)", xlabel="epoch")
panels[1].set_ylim(bottom=96)
panels[0].text(7, 0.11, "validation", color="C1")
panels[0].text(7, 0.008, "training", color="C0")

# %% stopping-check tags=["claim"]
assert kept[0] == np.argmin(history.history["val_loss"])
assert np.allclose(history.history["val_loss"],
                   long["val_loss"][0][:len(history.epoch)])
turned = long["val_loss"].mean(axis=0)
assert turned[-1] > 1.05 * turned.min()
assert unstopped.mean() > stopped.mean() - 0.001
assert unstopped.mean() > held["pixels 0 to 1"] + 0.01  # the small network

# %% stopping-values tags=["values"]
{
    "epochs": {"value": epochs, "tolerance": 0},
    "stopped_validation": f"{stopped.mean():.2%}",
    "unstopped_validation": f"{unstopped.mean():.2%}",
    "earliest_kept": {"value": min(kept) + 1, "tolerance": 3},
    "latest_kept": {"value": max(kept) + 1, "tolerance": 6},
}

# %% part-two
plain_sgd = []
for seed in seeds:
    network = build(seed, keras.optimizers.SGD(0.3))
    plain_sgd.append(network)
    network.fit(x_fit, y_fit, batch_size=batch_size, epochs=epochs, verbose=0)

# %% test
def scores_of(networks):  # (5, 10000, 10)
    return np.array([network.predict(x_test, batch_size=1000, verbose=0)
                     for network in networks])


scores = scores_of(networks)
answers = scores.argmax(axis=2)
accuracy = (answers == y_test).mean(axis=1)  # one a seed
sgd_accuracy = (scores_of(plain_sgd).argmax(axis=2) == y_test).mean(axis=1)
print("Adam:", [f"{a:.2%}" for a in accuracy])
print("SGD: ", [f"{a:.2%}" for a in sgd_accuracy])

# %% test-check tags=["claim"]
assert accuracy.mean() > 0.97
assert sgd_accuracy.mean() > accuracy.mean() - 0.001

# %% test-values tags=["values"]
{
    "test_accuracy": {"runs": accuracy, "format": ".2%"},
    "sgd_accuracy": {"runs": sgd_accuracy, "format": ".2%"},
    "test_lowest": f"{accuracy.min():.2%}",
    "test_highest": f"{accuracy.max():.2%}",
    "parameters": {
        "value": f"{networks[0].count_params():,}", "tolerance": 0
    },
}

# %% confusion
pairs = np.zeros((10, 10), int)  # label, answer; the five together
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

# %% sure-and-wrong
confidence = scores.mean(axis=0)  # (10000, 10), of five networks
answer = confidence.argmax(axis=1)
sure = np.where(answer == y_test, 0, confidence.max(axis=1))
worst = np.argsort(-sure)[:8]
fig, axes = plt.subplots(2, 4, figsize=(5.6, 3.7))
for ax, i in zip(axes.flat, worst):
    ax.imshow(x_test[i].reshape(28, 28))
    ax.set_title(f"{y_test[i]} → {answer[i]}\n{sure[i]:.1%} sure",
                 fontweight="normal", loc="center")
    ax.axis("off")

# %% disputed
disputed = {947, 6651, 2462, 2597, 3558, 5937, 1621, 1901, 6783, 9729,
            2130, 8527, 2654, 3520, 9679}  # Northcutt et al., 2021
wrong = np.flatnonzero(answer != y_test)
of_worst = len(disputed & set(worst.tolist()))
of_wrong = len(disputed & set(wrong.tolist()))

# %% evaluation-check tags=["claim"]
found = pairs.diagonal() / pairs.sum(axis=1)
assert found[[0, 1]].min() > found[[8, 9]].max()
assert min(errors[4, 9], errors[9, 4]) > 1.5 * errors[errors > 0].mean()
assert sure[worst].min() > 0.9

# %% evaluation-values tags=["values"]
{
    "most_errors": {"value": int(errors.max()), "tolerance": 25},
    "least_sure": {"value": f"{sure[worst].min():.1%}", "tolerance": 3},
    "of_worst": {"value": of_worst, "tolerance": 3},
    "of_wrong": {"value": of_wrong, "tolerance": 3},
    "wrong": len(wrong),
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
