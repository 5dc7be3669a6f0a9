# %% fine
x = 1

# %% broken
y = 2
if x
    y = 3
