"""What a person can ask for, a module each; for the command line."""
