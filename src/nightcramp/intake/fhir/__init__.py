"""Reads FHIR R4 and R5 records: bundles, single resources, bulk exports, folders, archives."""
