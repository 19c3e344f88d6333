"""Makes the helpers in `people.py` importable from every folder of tests."""
