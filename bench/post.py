# ruff: noqa: D100
# %% [markdown]
# # A dense network reads digits
#
# One hidden layer of 512 units learns from images of handwritten digits, and is tested with others.
# This is edition 0 of the text.

# %% setup
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers

images = 60_000
epochs = 10

# %% load
with np.load(os.environ["MNIST_NPZ"]) as mnist:
    x_train, y_train = mnist["x_train"][:images], mnist["y_train"][:images]
    x_test, y_test = mnist["x_test"], mnist["y_test"]

# %% prepare
x_train = x_train.reshape(-1, 784).astype("float32") / 255
x_test = x_test.reshape(-1, 784).astype("float32") / 255

# %% [markdown]
# The network starts from weights drawn with a fixed seed.

# %% build
keras.utils.set_random_seed(1)
model = keras.Sequential(
    [
        keras.Input((784,)),
        layers.Dense(512, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)
model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])

# %% train
history = model.fit(
    x_train,
    y_train,
    batch_size=128,
    epochs=epochs,
    verbose=0,  # remark 0: a progress bar says nothing on a page
)

# %% test
loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
right = model.predict(x_test, verbose=0).argmax(axis=1) == y_test
print(f"accuracy: {accuracy:.2%}")

# %% [markdown]
# The accuracy grows from pass to pass, and some digits are harder than others.

# %% learning-curve
fig, ax = plt.subplots()
ax.plot(range(1, epochs + 1), history.history["accuracy"])
ax.set_xlabel("epoch")
ax.set_ylabel("training accuracy")
ax.grid(True)

# %% by-digit
fig, ax = plt.subplots()
ax.bar(range(10), [right[y_test == digit].mean() for digit in range(10)])
ax.set_title("plot 0")
ax.set_xlabel("digit")
ax.set_ylabel("test accuracy")
ax.grid(True)
