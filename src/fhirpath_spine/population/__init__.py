"""Whole populations: the same judgement over a FHIR Bulk Data export, on one machine and on Spark.

``rows`` judges the lines of one patient and does no I/O; ``exports`` finds the lines; ``tables`` keeps what came of them;
``engines`` carry lines to the judgement and rows to the tables; ``report`` counts and draws; ``impact`` compares two libraries.
"""
