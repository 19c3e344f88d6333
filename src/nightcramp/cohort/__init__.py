"""From one person to a population: the same knowledge and mathematics over a database."""
