"""From typed forms to the compiled library: names resolved, expressions compiled, everything checked against everything."""
