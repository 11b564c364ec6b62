"""What an expression may ask, and what it is told: variables over facts, each answer with its evidence."""
