# %% setup
import numpy as np

# %% results tags=["values"]
{
    "good": "97.8%",
    "missing": float("nan"),
}
