"""The URLs of the settings and of the first run; routes.py has all the others, and puts them together."""

from __future__ import annotations

from web import routes_rules
from web.route import ADMINS, ANYONE, WORDERS, Route
from web.views import (
    settings_audit,
    settings_choices,
    settings_phones,
    settings_site,
    settings_teams,
    settings_users,
    welcome,
    welcome_exchange,
    welcome_recordings,
)

_OUTCOMES, _REASONS = settings_choices.OUTCOMES, settings_choices.REASONS
SETTINGS = (
    Route("GET", "/settings/users", ADMINS, settings_users.listing),
    Route("GET", "/settings/users/new", ADMINS, settings_users.blank),
    Route("POST", "/settings/users/new", ADMINS, settings_users.create),
    Route("GET", r"/settings/users/{id:\d+}", ADMINS, settings_users.show),
    Route("POST", r"/settings/users/{id:\d+}", ADMINS, settings_users.save),
    Route("POST", r"/settings/users/{id:\d+}/close", ADMINS, settings_users.close),
    Route("POST", r"/settings/users/{id:\d+}/reopen", ADMINS, settings_users.reopen),
    Route("POST", r"/settings/users/{id:\d+}/reset", ADMINS, settings_users.reset),
    Route("POST", r"/settings/users/{id:\d+}/seat", ADMINS, settings_users.seat),
    Route("GET", "/settings/teams", ADMINS, settings_teams.show_teams),
    Route("POST", "/settings/teams", ADMINS, settings_teams.save_team),
    Route("POST", r"/settings/teams/{id:\d+}/delete", ADMINS, settings_teams.delete_team),
    Route("GET", "/settings/extensions", ADMINS, settings_phones.extensions),
    Route("POST", "/settings/extensions", ADMINS, settings_phones.seat),
    Route("GET", "/settings/queues", WORDERS, settings_phones.queues),
    Route("GET", "/settings/queues/{pbx}/{queue}", WORDERS, settings_phones.show_queue),
    Route("POST", "/settings/queues/{pbx}/{queue}", WORDERS, settings_phones.save_queue),
    Route("GET", "/settings/outcomes", WORDERS, settings_choices.show(_OUTCOMES)),
    Route("POST", "/settings/outcomes", WORDERS, settings_choices.save(_OUTCOMES)),
    Route("POST", "/settings/outcomes/order", WORDERS, settings_choices.order(_OUTCOMES)),
    Route("POST", r"/settings/outcomes/{id:\d+}/archive", WORDERS, settings_choices.archive(_OUTCOMES)),
    Route("GET", "/settings/reasons", WORDERS, settings_choices.show(_REASONS)),
    Route("POST", "/settings/reasons", WORDERS, settings_choices.save(_REASONS)),
    Route("POST", "/settings/reasons/order", WORDERS, settings_choices.order(_REASONS)),
    Route("POST", r"/settings/reasons/{id:\d+}/archive", WORDERS, settings_choices.archive(_REASONS)),
    Route("GET", "/settings/numbers", ADMINS, settings_teams.show_numbers),
    Route("POST", "/settings/numbers", ADMINS, settings_teams.add_number),
    Route("POST", r"/settings/numbers/{id:\d+}/remove", ADMINS, settings_teams.remove_number),
    Route("GET", "/settings/site", ADMINS, settings_site.show_site),
    Route("POST", "/settings/site", ADMINS, settings_site.save_site),
    Route("GET", "/settings/audit", WORDERS, settings_audit.show),
    Route("GET", "/settings/audit.csv", WORDERS, settings_audit.export),
    *routes_rules.ROWS,
)  # fmt: skip

# The first run. Its first step is for whoever has the word that the program printed, and for nobody once there is an administrator.
WELCOME = (
    Route("GET", "/welcome", ANYONE, welcome.begin),
    Route("POST", "/welcome", ANYONE, welcome.create_admin),
    Route("GET", "/welcome/site", ADMINS, welcome.show_site),
    Route("POST", "/welcome/site", ADMINS, welcome.save_site),
    Route("POST", "/welcome/again", ADMINS, welcome.again),
    Route("GET", "/welcome/exchange", ADMINS, welcome_exchange.show),
    Route("POST", "/welcome/exchange", ADMINS, welcome_exchange.check),
    Route("GET", "/welcome/phones", ADMINS, welcome_exchange.phones),
    Route("POST", "/welcome/phones", ADMINS, welcome_exchange.save_phones),
    Route("POST", "/welcome/people", ADMINS, welcome_exchange.add_person),
    Route("GET", "/welcome/recordings", ADMINS, welcome_recordings.show),
    Route("POST", "/welcome/recordings", ADMINS, welcome_recordings.save),
    Route("GET", "/welcome/call", ADMINS, welcome.call),
    Route("POST", "/welcome/call", ADMINS, welcome.finish),
)
