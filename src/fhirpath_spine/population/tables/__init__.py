"""What is kept of a run: tables as Parquet, sorted, and the record of the run."""
