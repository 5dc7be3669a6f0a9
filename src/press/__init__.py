"""Runs the scripts behind a blog and holds its pages to the results."""

__version__ = "0.1.0"
