"""Ways facts come in: story files, free text, the terminal interview."""
