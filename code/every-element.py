# %% [markdown]
# What a post can hold, shown with a classifier that needs no training:
# a digit is given the name of the average digit that it resembles most.

# %% setup
import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

# %% load
(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
x_train = x_train.reshape(len(x_train), -1) / 255
x_test = x_test.reshape(len(x_test), -1) / 255

# %% averages
averages = np.stack([x_train[y_train == d].mean(axis=0) for d in range(10)])

# %% nearest
def nearest_average(images):
    """The class whose average image is nearest to each image."""
    distance = ((averages**2).sum(axis=1) - 2 * images @ averages.T)
    return distance.argmin(axis=1)


answers = nearest_average(x_test)
accuracy = (answers == y_test).mean()
print(f"{accuracy:.2%} of the test images are named correctly")

# %% curly-code
template = "{{ page.title }} {% if x < 1 %} </pre> {% endhighlight %} & \t|"
print(template)

# %% long-output
for digit in range(10):
    for other in range(10):
        if digit < other:
            distance = np.linalg.norm(averages[digit] - averages[other])
            print(f"{digit} and {other} are {distance:.2f} apart")

# %% average-digits
fig, axes = plt.subplots(2, 5, figsize=(5.6, 2.6))
for digit, ax in enumerate(axes.flat):
    ax.imshow(averages[digit].reshape(28, 28))
    ax.set_title(digit, loc="center")
    ax.set_axis_off()

# %% by-digit
right = np.array([(answers[y_test == d] == d).mean() for d in range(10)])
fig, ax = plt.subplots()
ax.bar(range(10), 100 * right, color="C0")
ax.axhline(100 * accuracy, color="C1", label="all digits")
ax.set(xlabel="digit", ylabel="named correctly, %", ylim=(0, 100))
ax.set_xticks(range(10))
ax.legend(loc="lower right")

# %% per-digit
def usual_mistake(digit):
    wrong = answers[(y_test == digit) & (answers != digit)]
    return str(np.bincount(wrong).argmax()) if len(wrong) else "none"


counts = np.bincount(y_test, minlength=10)
pd.DataFrame({
    "images": [f"{n:,}" for n in counts],
    "named correctly": [f"{share:.1%}" for share in right],
    "most often taken for": [usual_mistake(d) for d in range(10)],
}, index=pd.Index(range(10), name="digit"))

# %% samples tags=["data"]
samples = [np.flatnonzero(y_test == digit)[0] for digit in range(10)]
{"labels": y_test[samples], "images": x_test[samples].reshape(-1, 28, 28)}

# %% reader tags=["model"]
reader = keras.Sequential([
    keras.Input((784,)), keras.layers.Dense(10, activation="softmax")
])
# The nearest average has the largest score.
reader.set_weights([2 * averages.T, -(averages**2).sum(axis=1)])
reader

# %% confusions tags=["data"]
confused = np.zeros((10, 10), int)
np.add.at(confused, (y_test, answers), 1)
behind = np.flatnonzero(answers != y_test)[:150]
{
    "counts": confused,
    "labels": y_test[behind],
    "answers": answers[behind],
    "images": x_test[behind].reshape(-1, 28, 28),
}

# %% step-by-step tags=["data"]
followed = samples + list(behind[:30])
steps, named, found, seen = [1, 2, 3, 4, 5], [], [], []
for step in steps:  # each with twice as many images of every digit
    few = [x_train[y_train == d][:2**step] for d in range(10)]
    averages = np.stack([images.mean(axis=0) for images in few])
    named.append(nearest_average(x_test))
    found.append(1 - (named[-1] == y_test).mean())
    small = averages[:6].reshape(6, 14, 2, 14, 2).mean(axis=(2, 4))
    seen.append(np.rint(100 * small.reshape(6, 196)).astype(int))
{
    "epochs": steps,
    "curves": {"share of mistakes": found},
    "accuracy": [f"{1 - mistakes:.1%}" for mistakes in found],
    "labels": y_test[followed],
    "answers": [names[followed] for names in named],
    "filters": seen,
    "images": x_test[followed].reshape(-1, 28, 28),
}

# %% several-runs tags=["values"]
halves = [(answers[half] == y_test[half]).mean()
          for half in np.array_split(np.arange(len(y_test)), 5)]
{"accuracy_of_parts": {"runs": halves, "format": ".1%"}}

# %% results tags=["values"]
{
    "accuracy": f"{accuracy:.2%}",
    "worst": f"{right.min():.1%}",
    "worst_digit": int(right.argmin()),
    "test_images": f"{len(x_test):,}",
}

# %% checks tags=["claim"]
assert accuracy > 0.6
assert right.max() > right.min()
