"""A criterion as Python source, made when a library is compiled; the interpreter answers where data are odd."""
