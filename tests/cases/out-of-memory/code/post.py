# %% hoard
import resource

limit = 4 * 2**30
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
hoard = b"x" * (2 * limit)
