"""What is known: each resource, read once and filed under the needs that ask for it, resolved to facts that say whether they
are complete.
"""
