"""What a population looks like: counted from the tables of a run, as a page, as CSV and as FHIR."""
