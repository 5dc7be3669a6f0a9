# %% count
def counter():
    count = 0

    def add():
        nonlocal count
        count += 1
        return count

    return add


add = counter()
add()

# %% again
print(add())
