"""Do cramps follow the start of a medicine? By the order of starts and by case series."""
