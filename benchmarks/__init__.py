"""Benchmarks on the fixed workload: ``make bench``. Ratios first; every answer is compared before a time is believed."""
