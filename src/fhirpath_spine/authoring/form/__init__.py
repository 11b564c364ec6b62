"""The forms of the files, as pydantic models. They are the one source of the schema: of its check and of its publication."""
