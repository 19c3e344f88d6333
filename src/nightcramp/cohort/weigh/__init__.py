"""From facts to results: everybody weighed by the code that weighs one person."""
