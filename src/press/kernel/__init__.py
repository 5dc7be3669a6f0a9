"""Runs inside the kernel, imports nothing of the rest; that knows `protocol` and `sealed`."""
