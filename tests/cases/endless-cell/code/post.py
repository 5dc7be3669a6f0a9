# %% endless
while True:
    pass
