"""Writes a person's record and assessment, and the questions, as FHIR R4."""
