"""What is known: each resource read once, filed under the needs that ask for it, and resolved to facts with their completeness."""
