"""What there is: the R4 model, shapes, items, times, quantities with their units, value sets."""
