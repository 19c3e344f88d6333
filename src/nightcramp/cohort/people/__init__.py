"""From events to the facts of people, one by one and many at once."""
