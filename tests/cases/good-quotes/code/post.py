# %% curve
import matplotlib.pyplot as plt

fig, ax = plt.subplots()
ax.plot([1, 2])

# %% other
fig, ax = plt.subplots()
ax.plot([2, 1])

# %% results tags=["values"]
{"images": f"{10_000:,}"}
