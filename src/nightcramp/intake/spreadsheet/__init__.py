"""Diaries kept in a spreadsheet: a table, what its columns mean, and the nights in it."""
