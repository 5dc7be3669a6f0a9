"""A search for what makes a resumed run lie: small programs, run whole, resumed, and compared."""
