"""Every screen of the program: where it is, who looks, what must be seen; and which addresses are no screens, and why.

`test_table.py` holds this table against web/routes.py. A new page is one row. Addresses name what day.py made: {call},
{customer}. A row with `act` is brought into a state first (acts.py); rows with a `scene` are drawn in the order of the table
while the exchange tells the day (scenes.py). Rows with a `guide` are pictures of the guides as well.
"""

from __future__ import annotations

from dataclasses import dataclass

ANYBODY, AGENT, SELLER, SUPERVISOR, MANAGER, ADMIN = (
    "anybody", "agent", "seller", "supervisor", "manager", "admin",
)  # fmt: skip
ROLES = {AGENT: "agent", SELLER: "agent", SUPERVISOR: "supervisor", MANAGER: "manager", ADMIN: "admin"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Screen:
    """One picture: its name, who looks where, and a selector of what must be seen."""

    name: str
    who: str
    path: str
    seen: str
    act: str = ""
    scene: str = ""
    guide: bool = False
    status: int = 200
    fixed: bool = False  # as high as the window, however much there is to scroll
    high: int = 800  # of the guides' picture
    tab: str = ""  # of a phone's three, that a person would be on


STILL = (
    Screen("signin", ANYBODY, "/signin", "#password"),
    Screen("signin-code", ANYBODY, "/signin/code", "form[action='/signin/code']", act="password"),
    Screen("customers", AGENT, "/customers", "table tbody tr"),
    Screen("customers-empty", AGENT, "/customers?q=zzzz", ".empty"),
    Screen("customer", AGENT, "/customers/{customer}", ".custact", guide=True),
    Screen("customer-edit", AGENT, "/customers/{customer}/edit", "form .input"),
    Screen("customer-new", AGENT, "/customers/new", "form .input"),
    Screen("calls", AGENT, "/calls?period=week", "table.calls tbody tr"),
    Screen("calls-empty", AGENT, "/calls?q=zzzz", ".empty"),
    Screen("calls-manager", MANAGER, "/calls?period=week", "table.calls tbody tr"),
    Screen("call", SUPERVISOR, "/calls/{call}", "cc-player button", guide=True),
    Screen("recordings", SUPERVISOR, "/recordings", "a[href^='/calls/']"),
    Screen("recordings-found", SUPERVISOR, "/recordings?q={word}", "mark", guide=True),
    Screen("figures", MANAGER, "/figures?period=month&by=day", "table tbody tr", guide=True),
    Screen("figures-agents", MANAGER, "/figures?period=month&by=agent", "table tbody tr"),
    Screen("figures-hours", SUPERVISOR, "/figures?period=week&by=hour&family=outbound", "table tbody tr"),
    Screen("figures-empty", MANAGER, "/figures?period=custom&from=2001-01-01&to=2001-01-02&by=queue", "#main h1"),
    Screen("calls-behind", MANAGER, "/figures?period=month&by=queue", ".behind", act="behind", guide=True),
    Screen("day", AGENT, "/day", ".dayfigs .fig", guide=True),
    Screen("day-of-another", SUPERVISOR, "/day?user={user}&day={yesterday}", ".daystrip"),
    Screen("tasks", AGENT, "/tasks", "table.tasks tbody tr", guide=True),
    Screen("tasks-team", SUPERVISOR, "/tasks", "table.tasks tbody tr"),
    Screen("task-new", AGENT, "/tasks/new", "form .input"),
    Screen("task", AGENT, "/tasks/{task}", "form .input"),
    Screen("task-of-a-campaign", SELLER, "/tasks/leads/{lead}", "form .input"),
    Screen("views", SUPERVISOR, "/views/calls", "ul.rows li"),
    Screen("calls-view", SUPERVISOR, "/calls?period=month&result=missed", "table.calls tbody tr", guide=True),
    Screen("campaigns", MANAGER, "/campaigns", "table.camps tbody tr"),
    Screen("campaigns-agent", SELLER, "/campaigns", "table.camps tbody tr", guide=True),
    Screen("campaign-new", MANAGER, "/campaigns/new", "form .input"),
    Screen("campaign", MANAGER, "/campaigns/{campaign}", "form .input", guide=True),
    Screen("campaign-import", MANAGER, "/campaigns/{campaign}/import", "input[type=file]"),
    Screen("import", MANAGER, "/imports/{batch}", "table tbody tr", guide=True),
    Screen("system", ADMIN, "/system", ".healthgrid", guide=True),
    Screen("ledger", MANAGER, "/ledger?day={yesterday}", "table tbody tr", guide=True),
    Screen("settings", AGENT, "/settings", "form .select, form [type=radio]"),
    Screen("security", AGENT, "/settings/security", "form .input"),
    Screen("second-step", AGENT, "/settings/security/second-step", "form .input"),
    Screen("users", ADMIN, "/settings/users", "table.staff tbody tr", guide=True),
    Screen("user-new", ADMIN, "/settings/users/new", "form .input"),
    Screen("user", ADMIN, "/settings/users/{user}", "form .input"),
    Screen("teams", ADMIN, "/settings/teams", "form .input"),
    Screen("extensions", ADMIN, "/settings/extensions", ".rowline", guide=True),
    Screen("queues", MANAGER, "/settings/queues", "a[href^='/settings/queues/']"),
    Screen("queue", ADMIN, "/settings/queues/main/support", "form .input"),
    Screen("outcomes", MANAGER, "/settings/outcomes", "form .input"),
    Screen("reasons", MANAGER, "/settings/reasons", "form .input"),
    Screen("numbers", ADMIN, "/settings/numbers", "form .input"),
    Screen("do-not-call", MANAGER, "/settings/do-not-call", ".dncline", guide=True),
    Screen("recording", ADMIN, "/settings/recording", "#kept", guide=True),
    Screen("recording-marked", ADMIN, "/settings/recording/marked", "ul.rows li"),
    Screen("site", ADMIN, "/settings/site", "form .input"),
    Screen("audit", ADMIN, "/settings/audit", "table tbody tr", guide=True),
    Screen("welcome", ANYBODY, "/welcome", "#f-name", act="empty"),
    Screen("welcome-site", ADMIN, "/welcome/site", "form .input"),
    Screen("welcome-exchange", ADMIN, "/welcome/exchange", "form .input", guide=True),
    Screen("welcome-phones", ADMIN, "/welcome/phones", ".rowline"),
    Screen("welcome-recordings", ADMIN, "/welcome/recordings", "form .input"),
    Screen("welcome-call", ADMIN, "/welcome/call", "#finish"),
    Screen("missing", AGENT, "/nowhere", "h1", status=404),
)  # fmt: skip

LIVE = (
    Screen("desk", AGENT, "/desk", ".idlegrid", scene="quiet", guide=True),
    Screen("desk-states", AGENT, "/desk", ".state-menu", scene="states", fixed=True),
    Screen("desk-keys", AGENT, "/desk", "#cc-keys[open]", scene="keys", guide=True, fixed=True),
    Screen("desk-search", AGENT, "/desk", "#cc-palette .pick-row", scene="search", fixed=True),
    Screen("desk-ringing", AGENT, "/desk", ".card[data-state=ringing] .open-list", scene="ringing", guide=True, fixed=True),
    Screen("floor", SUPERVISOR, "/floor", ".agent[data-s=talking]", scene="floor", guide=True, high=1180),
    Screen("desk-talking", AGENT, "/desk", ".card[data-state=talking]", scene="talking", guide=True, fixed=True),
    Screen("desk-transfer", AGENT, "/desk", ".pick-row", scene="transfer", guide=True, fixed=True),
    Screen("desk-wrapup", AGENT, "/desk", ".outcome[aria-checked=true]", scene="wrapup", guide=True, fixed=True, tab="v3"),
    Screen("desk-several", AGENT, "/desk", ".match", scene="several", guide=True, fixed=True),
    Screen("desk-new", AGENT, "/desk", ".card form .input", scene="new", fixed=True),
    Screen("desk-missed", AGENT, "/desk", ".card[data-state=missed]", scene="missed", fixed=True),
    Screen("desk-lead", SELLER, "/desk", "[data-lead] .leadfacts", scene="lead", guide=True, fixed=True),
    Screen("desk-lead-call", SELLER, "/desk", ".card[data-state=talking]", scene="lead_call", guide=True, fixed=True),
    Screen("desk-lead-wrapup", SELLER, "/desk", ".card[data-state=wrapup]", scene="lead_wrapup", fixed=True, tab="v3"),
    Screen("desk-due", AGENT, "/desk", ".due", scene="due", guide=True, fixed=True),
    Screen("troubles", AGENT, "/desk", ".troubles .callout", scene="line_down", guide=True, fixed=True),
    Screen("system-troubles", ADMIN, "/system", ".troublelist", scene="line_down_system"),
)  # fmt: skip

SCREENS = (*STILL, *LIVE)

# Addresses that show no screen of their own.
EXCEPTIONS = {
    "/": "leads on to the role's first page",
    "/healthz": "one word for machines",
    "/metrics": "numbers for Prometheus",
    "/i18n/{language}.json": "texts for scripts",
    "/desk/today": "a part of the desk, fetched by its script",
    "/floor/calls/{id}": "leads on to the call's page",
    "/calls/{id}/recording": "a part of the call's page, fetched by its script",
    "/recordings/{id}/audio": "sound",
    "/calls.csv": "a file",
    "/figures.csv": "a file",
    "/imports/{id}/errors.csv": "a file",
    "/settings/do-not-call.csv": "a file",
    "/settings/audit.csv": "a file",
}
