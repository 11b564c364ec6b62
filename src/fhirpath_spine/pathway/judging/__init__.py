"""What follows: gate, pathways, states, verdicts, and the plan of the cards."""
