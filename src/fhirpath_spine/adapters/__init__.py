"""The only code that does I/O: implementations of the ports of ``service``."""
