# # A title
#
# Words.

import math

# + name="root"
root = math.sqrt(2)

print(f"{root:.3f}")
# -

# More words.

root > 1
