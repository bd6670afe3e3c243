"""Fixtures that several rooms share, each kept beside what it starts."""

from __future__ import annotations

pytest_plugins = [
    "tests.pbx.fixtures",
    "tests.servers",
    "tests.web.browser",
    "tests.web.desk_fixtures",
]
