# %% model
x = 1

# %% model
x = 2
