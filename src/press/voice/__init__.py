"""What a person hears: errors, and lines at the terminal; for every room but the kernel."""
