"""What an author writes, a file for each thing: its form, the one source of its check and of its published schema, and what is
built from it. Names are resolved, expressions compiled, everything is checked against everything.
"""

from __future__ import annotations
