"""Files and YAML as positions: nothing here knows what a profile means."""
