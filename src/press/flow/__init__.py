"""The way of one post, from its script to its written record; for the commands."""
