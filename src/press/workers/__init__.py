"""Posts run on other machines by the engine of dask.distributed, and brought back; for commands."""
