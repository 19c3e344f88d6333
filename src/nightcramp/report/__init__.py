"""Shows an assessment to people; computes none."""
