# %% step-1
x1 = 1

# %% step-2
x2 = 2

# %% step-3
x3 = 3

# %% step-4
x4 = 4

# %% step-5
x5 = 5

# %% step-6
x6 = 6


# %% step-7
def digit(n):
    raise ValueError("no digit")


digit(x6)

# %% step-8
x8 = 8

# %% step-9
x9 = 9

# %% step-10
x10 = 10

# %% step-11
x11 = 11

# %% step-12
x12 = 12
