# %% setup
import numpy as np

# %% results tags=["values"]
{
    "good": np.float64(0.5),
    "losses": np.zeros(3),
}
