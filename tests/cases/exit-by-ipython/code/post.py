# %% leave
exit()

# %% after
x = 1
