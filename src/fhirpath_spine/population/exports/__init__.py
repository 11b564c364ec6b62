"""FHIR Bulk Data exports: which files one has, and their lines under a bound on memory."""
