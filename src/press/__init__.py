"""press runs the scripts behind the blog and holds its pages to the results."""

__version__ = "0.1.0"
