# ---
# jupyter:
#   kernelspec:
#     language: python
# ---

# %% a
x = 1
