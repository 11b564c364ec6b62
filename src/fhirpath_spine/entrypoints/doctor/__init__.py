"""``doctor``: what in a set-up will not work, why that matters, and what to do; a file for each thing that is examined."""
