# %% a
print(1)
