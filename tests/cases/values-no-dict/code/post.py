# %% results tags=["values"]
x = 1
