"""Run records: made of outcomes, written, read back, compared; for the way of a post."""
