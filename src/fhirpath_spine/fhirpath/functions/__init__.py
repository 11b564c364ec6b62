"""The functions of the language: their table, and those over strings, numbers and conversions."""
