# %% a
import shapes

print(shapes.area(2))

# %% b
print(open("data/n.txt").read())
