"""What clients may ask: one function for each command, and the table that picks it."""
