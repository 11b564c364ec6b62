"""What is judged one at a time: the lesions of a chart, where they sit, and what belongs to them."""
