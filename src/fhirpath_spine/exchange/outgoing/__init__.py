"""What goes out: cards with their detail, CarePlans, verdicts, outcomes, ids, and the phrases that they are worded with."""
