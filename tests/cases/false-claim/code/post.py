# %% results
accuracy = 0.96

# %% checks tags=["claim"]
assert accuracy > 0.5
assert accuracy > 0.97, f"it is {accuracy:.0%}"
