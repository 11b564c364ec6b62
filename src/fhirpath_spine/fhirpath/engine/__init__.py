"""What it answers: the interpreter of the whole language, three-valued and within a budget."""
