import json
import os

import pytest

pytest_plugins = ["dbt.tests.fixtures.project"]

told = {}


@pytest.fixture(scope="class")
def dbt_profile_target(tmpdir_factory):
    """A file of its own for each class: what one leaves is not met by another."""
    path = tmpdir_factory.mktemp("warehouse").join("suite.duckdb")
    return {"type": "duckdb", "threads": 4, "path": str(path)}


def pytest_runtest_logreport(report):
    """Keeps why a test failed: '' of one that passed."""
    name = report.nodeid.split("::", 1)[1].replace("::", ".")
    if report.passed:
        told.setdefault(name, "")
    elif not told.get(name):
        crash = getattr(report.longrepr, "reprcrash", None)
        told[name] = f"{report.outcome}: {crash.message if crash else report.longrepr}"[:2000]


def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput"):
        with open(os.environ["SUITE_OUTCOMES"], "w") as file:
            json.dump(told, file)
