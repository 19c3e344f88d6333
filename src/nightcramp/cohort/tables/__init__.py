"""From results to what may be printed: summaries in which small counts are hidden."""
