"""Every page that the program serves is drawn: the table of screens has them all, or says why not."""

from __future__ import annotations

import re

import pytest

from callcenter.crm import audit
from tests.screens import acts, records, scenes, table
from web import routes
from web.route import Route

PAGES = [row for row in (*routes.PAGES, *routes.SETTINGS, *routes.WELCOME) if row.method == "GET"]


def _plain(path: str) -> str:
    return re.sub(r"{(\w+):[^}]*}", r"{\1}", path)


def _route_of(screen: table.Screen) -> Route | None:
    """Find the address that a row draws: what a row names in braces, or spells out, may fill a variable of it."""
    asked = screen.path.partition("?")[0]
    for route in PAGES:
        pattern = re.sub(r"\\{\w+\\}", r"[^/]+", re.escape(_plain(route.path)))
        exact = _plain(route.path) == asked
        if exact or ("{" in route.path and re.fullmatch(pattern, asked) and not _is_page(asked)):
            return route
    return None


def _is_page(asked: str) -> bool:
    return any(_plain(route.path) == asked for route in PAGES)


DRAWN = {screen.name: _route_of(screen) for screen in table.SCREENS}


@pytest.mark.parametrize("path", [_plain(route.path) for route in PAGES])
def test_every_page_is_drawn_or_its_absence_argued(path: str) -> None:
    drawn = any(route is not None and _plain(route.path) == path for route in DRAWN.values())
    assert drawn != (path in table.EXCEPTIONS), path


def test_no_exception_outlives_its_page() -> None:
    assert set(table.EXCEPTIONS) <= {_plain(route.path) for route in PAGES}
    assert all(table.EXCEPTIONS.values())


@pytest.mark.parametrize("screen", table.SCREENS, ids=lambda screen: screen.name)
def test_a_row_is_of_a_page_that_its_reader_may_open(screen: table.Screen) -> None:
    route = DRAWN[screen.name]
    if screen.status == 404:
        assert route is None
        return
    assert route is not None
    assert table.ROLES.get(screen.who, "anonymous") in route.roles
    assert screen.seen


def test_names_are_given_once_and_every_state_has_a_way_to_it() -> None:
    names = [screen.name for screen in table.SCREENS]
    assert len(set(names)) == len(names)
    assert {screen.act for screen in table.STILL} - {""} == set(acts.ACTS)
    assert [screen.scene for screen in table.LIVE] == list(scenes.SCENES)


def test_what_people_are_told_to_have_done_are_deeds_that_the_audit_knows() -> None:
    known = {action for group in audit.GROUPS.values() for action in group}
    assert {action for _, _, action, _, _ in records.DEEDS} <= known
