"""dbt's own tests of an adapter, each class of the package dbt-tests-adapter as it is.

Whatever has a class of its own built on it in the same package is left out: it is a base.
"""

import importlib
import inspect
from pathlib import Path

import dbt.tests.adapter

# Of other warehouses, or in need of what a clone of their repository has beside the tests.
left_out = ("materialized_view", "catalog_integrations", "python_model", "functions", "dbt_debug")


def find_classes():
    found = []
    home = Path(dbt.tests.adapter.__path__[0])
    for file in sorted(home.rglob("*.py")):
        words = file.relative_to(home).with_suffix("").parts
        if words[0] in left_out or file.stem.startswith("__"):
            continue
        module = importlib.import_module(".".join(["dbt.tests.adapter", *words]))
        for _, cls in inspect.getmembers(module, inspect.isclass):
            if cls.__module__ == module.__name__ and any(n.startswith("test_") for n in dir(cls)):
                found.append(cls)
    bases = {base for cls in found for base in cls.__mro__[1:]}
    return [cls for cls in found if cls not in bases]


for suite in find_classes():
    area = suite.__module__.split(".")[3]
    name = f"Test_{area}_{suite.__name__.removeprefix('Test')}"
    globals()[name] = type(name, (suite,), {"__module__": __name__})
