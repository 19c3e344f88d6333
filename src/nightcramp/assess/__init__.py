"""From facts to an assessment: triage, syndromes, factors, shares, the next question."""
