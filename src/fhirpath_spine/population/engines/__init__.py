"""Engines: the same rows from files on one machine and from Spark."""
