"""Fixtures that several rooms share, each kept beside what it starts; and the tests that want a machine with time to spare."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from callcenter.crm import accounts

pytest_plugins = [
    "tests.pbx.fixtures",
    "tests.skips",
    "tests.servers",
    "tests.web.browser",
    "tests.web.desk_fixtures",
]

# Their people speak and their digits follow each other in real time: an exchange that waits for a processor loses both.
ALONE = (
    "tests/faults/test_real.py",
    "tests/flows/test_administrator.py",
    "tests/flows/test_manager.py",
    "tests/flows/test_old_tab.py",
    "tests/flows/test_supervisor.py",
    "tests/flows/test_support.py",
    "tests/flows/test_telemarketing.py",
    "tests/recordings/test_real_call.py",
    "tests/recordings/test_words.py",
    "tests/reports/test_truth.py",
    "tests/screenpop/test_consulting.py",
    "tests/screenpop/test_listening.py",
    "tests/screenpop/test_live_calls.py",
    "tests/web/test_floor.py",
    "tests/web/test_first_run.py",
)


def pytest_configure() -> None:
    """Hash passwords at the least cost in the tests' own processes: each sign-in would take a fifth of a second."""
    accounts.hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `make test` runs after all the others, two at a time: they wait more than they compute."""
    for item in items:
        if item.location[0] in ALONE:
            item.add_marker("alone")
