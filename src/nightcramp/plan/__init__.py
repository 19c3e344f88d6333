"""What to do about it, checked against safety facts first."""
