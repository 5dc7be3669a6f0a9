"""A script, read as text: its cells, keys, inputs and effects; for all that runs or records it."""
