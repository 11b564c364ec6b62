"""Do the cases hold the profiles: each answer, claim, reason and code that they show, and each number moved a step."""
