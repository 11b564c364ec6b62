"""Text with its places: files, YAML nodes with positions, the kinds of fields and forms, the report. Nothing here knows what a
profile means.
"""
