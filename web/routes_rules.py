"""The URLs of what may not be called, what is recorded and how long it is kept, with the roles they are for."""

from __future__ import annotations

from web.route import ADMINS, KEEPERS, WORDERS, Route
from web.views import holds, settings_dnc, settings_recording, settings_retention

ROWS = (
    Route("GET", "/settings/do-not-call", KEEPERS, settings_dnc.show),
    Route("POST", "/settings/do-not-call", WORDERS, settings_dnc.add),
    Route("POST", "/settings/do-not-call/import", WORDERS, settings_dnc.send),
    Route("POST", "/settings/do-not-call/remove", WORDERS, settings_dnc.remove),
    Route("POST", "/settings/do-not-call/back", WORDERS, settings_dnc.put_back),
    Route("GET", "/settings/do-not-call.csv", WORDERS, settings_dnc.export),
    Route("GET", "/settings/recording", ADMINS, settings_recording.show),
    Route("POST", "/settings/recording", ADMINS, settings_recording.save),
    Route("POST", "/settings/recording/rules", ADMINS, settings_recording.put),
    Route("POST", r"/settings/recording/rules/{id:\d+}/remove", ADMINS, settings_recording.remove),
    Route("POST", "/settings/recording/retention", ADMINS, settings_retention.save),
    Route("POST", "/settings/recording/periods", ADMINS, settings_retention.put),
    Route("POST", r"/settings/recording/periods/{id:\d+}/remove", ADMINS, settings_retention.remove),
    Route("GET", "/settings/recording/marked", ADMINS, settings_retention.marked),
    Route("POST", "/settings/recording/marked", ADMINS, settings_retention.keep),
    Route("POST", r"/recordings/{id:\d+}/keep", KEEPERS, holds.keep),
    Route("POST", r"/calls/{id:\d+}/legal-hold", KEEPERS, holds.hold),
)  # fmt: skip
