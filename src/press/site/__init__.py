"""Posts as their authors write them, and the site that Jekyll makes; it knows of no run."""
