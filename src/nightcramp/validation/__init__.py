"""Holds the assessment against a national survey: mapping, facts, scores, statistics."""
