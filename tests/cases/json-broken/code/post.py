# %% quick
x = 1

# %% breaks
import json

json.dumps = lambda item, **given: "patched"

# %% last
print(x)
