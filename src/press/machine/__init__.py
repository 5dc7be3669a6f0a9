"""What this machine is and has: packages, Ruby, browsers, processor; for whoever asks."""
