"""Runs scripts in kernels and hears what cells leave behind; for the way of a post."""
