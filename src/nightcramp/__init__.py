"""What is behind one person's night-time leg cramps, and what to do about it."""

__version__ = "0.1.0"
