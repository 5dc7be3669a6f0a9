# %% setup
import matplotlib.pyplot as plt
import pandas as pd

# %% curve
fig, ax = plt.subplots()
ax.plot([1, 2])
print("drawn")

# %% accuracy
pd.DataFrame({"test": ["97.8%"]}, index=["dense"])

# %% results tags=["values"]
{"test_accuracy": "97.8%"}

# %% two-figures
for n in (1, 2):
    fig, ax = plt.subplots(figsize=(2, 1))
    ax.imshow([[0, n], [n, 0]])
    ax.axis("off")

# %% many-kinds
%time total = sum(range(10))
!echo from the shell
print("half\rwhole")
total

# %% more tags=["values"]
{
    "epochs": 5,
    "loss": 0.25,
    "gap": {"value": "1.2 points", "tolerance": 0.5},
    "word": "yes",
}

# %% checks tags=["claim"]
assert total == 45

# %%
untitled = 1
untitled
