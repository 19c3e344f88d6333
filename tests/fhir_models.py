"""Fits resources (a JSON array on standard input) to the R4B models of fhir.resources.

It is run as a program of its own: beside the benchmarks, `fhir` is the name of another module.
"""

from __future__ import annotations

import importlib
import json
import sys

faults = []
for one in json.load(sys.stdin):
    kind = one["resourceType"]
    model = getattr(importlib.import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
    try:
        model.model_validate_json(json.dumps(one))
    except ValueError as error:
        faults.append(f"{kind}: {error}"[:300])
json.dump(faults, sys.stdout)
