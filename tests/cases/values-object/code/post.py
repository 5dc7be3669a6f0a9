# %% results tags=["values"]
{"thing": object()}
