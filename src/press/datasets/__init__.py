"""Data sets that scripts load through Keras, a module each; for keys and runs."""
