"""What is written: text to tokens, tokens to a tree, and the problems that are found on the way."""
