# %% one tags=["values"]
{"a": 1}

# %% two tags=["values"]
{"a": 2}
