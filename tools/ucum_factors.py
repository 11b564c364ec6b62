"""Writes ``src/fhirpath_spine/fhirpath/ucum.json``: factors of the units that needs and expressions use most.

Computed with ``ucumvert``, which is too slow to load in a call. A unit that is missing here is looked up there.

    python tools/ucum_factors.py          # writes the file anew
    python tools/ucum_factors.py --check  # exits 1 if the committed file differs
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path

from fhirpath_spine.fhirpath.values import measure

TARGET = Path(__file__).resolve().parent.parent / "src" / "fhirpath_spine" / "fhirpath" / "ucum.json"
_LIST = """
1 % g kg mg ug ng pg t m dm cm mm um nm km [in_i] [ft_i] [lb_av] [oz_av] L dL mL uL m2 cm2 mm2 m3 cm3 mm3 g/m
s ms us min h d wk mo a Hz /min /s /h K Cel Pa kPa mm[Hg] cm[H2O] mol mmol umol nmol pmol
g/L g/dL mg/dL mg/L mg/mL ug/L ug/dL ug/mL ng/mL ng/dL ng/L pg/mL mol/L mmol/L umol/L nmol/L pmol/L
/L /uL /mL /mm3 10*3/uL 10*6/uL 10*9/L 10*12/L 10*3 10*6 10*9 U/L kU/L mU/L U/mL U mL/min mL/h L/min mL/min/m2
kg/m2 mg/kg mg/m2 mg/kg/d mg/d g/d ug/kg/min mm/h mm/a mm3/a cm3/a mg/g mg/mmol ug/mg Gy cGy rad deg
"""
UNITS = _LIST.split()


def text() -> str:
    rows = {}
    for code in sorted(set(UNITS)):
        unit = measure(code)
        if unit is None:
            raise SystemExit(f"{code} has no factor")
        offset = [f"{unit.offset:f}"] if unit.offset else []
        rows[code] = [f"{unit.factor:f}", unit.dimension, *offset]
    body = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in rows.items())
    return f'{{\n"source": {{"ucumvert": "{version("ucumvert")}"}},\n"units": {{\n{body}\n}}\n}}\n'


def main() -> int:
    wanted = text()
    if "--check" in sys.argv:
        return 0 if TARGET.read_text(encoding="utf-8") == wanted else 1
    TARGET.write_text(wanted, encoding="utf-8")
    sys.stdout.write(f"{TARGET.name}: {wanted.count(': [')} units\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
