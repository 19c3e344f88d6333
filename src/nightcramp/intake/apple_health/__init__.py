"""Reads an Apple Health export: nights, facts, and what was left out."""
