"""Cards as the live side sends them, for the desk's stage."""

from __future__ import annotations

import time
from typing import Any


def known(**change: Any) -> dict[str, Any]:
    """A customer with a history, ringing now; late slots have come."""
    now = time.time()
    return {
        "id": "1700000000.1", "pbx": "main", "state": "ringing", "direction": "inbound",
        "number": {"e164": "+972524111171", "display": "052-411-1171", "kind": "external"},
        "name": "דנה לוי־אברמוביץ׳", "party_id": 7,
        "match": {"state": "strong", "reasons": ["המספר רשום בכרטיס הלקוח"], "candidates": []},
        "chips": [{"kind": "vip", "text": "VIP"}, {"kind": "language", "text": "עברית, רוסית"}, {"kind": "line", "text": "נייד"}],
        "alerts": [{"level": "bad", "icon": "ban", "text": "אין להתקשר לשיווק"},
                   {"level": "warn", "icon": "ticket", "text": "תקלה פתוחה 3 ימים, הובטחה חזרה היום"}],
        "why": {"queue": "support", "label": "תמיכה טכנית", "wait_seconds": 112, "did": None, "calls_24h": 3},
        **late(now), "say": "שלום דנה, תודה על ההמתנה. הפנייה בנושא הנתב פתוחה אצלי על המסך.",
        "note": {"text": "", "version": 0}, "started": now - 118, "queued": now - 118, "ringing": now - 6,
        "answered": None, "ended": None, "recording": "off", "wrapup": None, "outcome_id": None, **change,
    }  # fmt: skip


def late(now: float) -> dict[str, Any]:
    """The slots that come after the card."""
    contacts = [
        {"id": 5, "at": now - 86_400 + 900, "direction": "inbound", "agent": "אולגה ברמן", "result": "answered", "outcome": "נפתחה פנייה",
         "note": "הנתב מתנתק כל כמה דקות מאז שדרוג הקו. הוחלף כבל, לא עזר. הובטחה חזרה עד 16:00."},
        {"id": 4, "at": now - 12 * 86_400, "direction": "outbound", "agent": "ניר שקד", "result": "answered", "outcome": "מכירה", "note": ""},
        {"id": 3, "at": now - 40 * 86_400, "direction": "inbound", "agent": "מיכל לב", "result": "answered", "outcome": "נמסר מידע", "note": ""},
    ]  # fmt: skip
    return {
        "contacts": contacts, "last": contacts[0],
        "cases": [{"id": 1, "number": "4821", "title": "ניתוקים בקו סיבים", "status": "open", "due_at": now + 7200}],
        "tasks": [{"id": 2, "kind": "task", "title": "בדיקת חיוב כפול, נובמבר", "due_at": now + 2 * 86_400}],
        "notes": [],
    }  # fmt: skip


LATE_SLOTS = ("contacts", "last", "cases", "tasks", "notes")


def early(**change: Any) -> dict[str, Any]:
    """The same customer before the late slots came."""
    return {key: value for key, value in known(**change).items() if key not in LATE_SLOTS}


def talking(**change: Any) -> dict[str, Any]:
    """The same customer, answered four minutes ago."""
    now = time.time()
    return known(**{"state": "talking", "answered": now - 252, "ringing": now - 258, "queued": now - 370,
                    "started": now - 370, "recording": "on",
                    "note": {"text": "הניתוקים גם בכבל וגם באלחוט. אורות הנתב: אדום מהבהב.\nבדיקת קו מרחוק מתבצעת", "version": 3}, **change})  # fmt: skip


def wrapping(seconds: float = 18, **change: Any) -> dict[str, Any]:
    """The same customer, hung up."""
    now = time.time()
    return talking(**{"state": "wrapup", "answered": now - 412, "ended": now - 4, "recording": "off",
                      "wrapup": {"until": now + seconds, "seconds": 30}, **change})  # fmt: skip


def ambiguous(**change: Any) -> dict[str, Any]:
    """A number that three customers share."""
    rows = [
        {"party_id": 11, "name": "משה פרידמן", "why": "זו הבחירה מהשיחה הקודמת במספר זה", "detail": "חיפה"},
        {"party_id": 12, "name": "רות פרידמן", "why": "אותו משק בית", "detail": "חיפה"},
        {"party_id": 13, "name": "״מאפיית פרידמן״ בע״מ", "why": "מרכזייה של אותו ארגון", "detail": ""},
    ]  # fmt: skip
    return known(**{"name": "", "party_id": None, "number": {"e164": "+97248662310", "display": "04-866-2310", "kind": "external"},
                    "match": {"state": "ambiguous", "reasons": [], "candidates": rows}, "chips": [{"kind": "line", "text": "קווי"}], "alerts": [],
                    "contacts": [], "last": None, "cases": [], "tasks": [], "say": "תמיכה טכנית, שלום. עם מי השיחה?", **change})  # fmt: skip


def unknown(**change: Any) -> dict[str, Any]:
    """A number that nobody has."""
    return ambiguous(**{"number": {"e164": "+972543038812", "display": "054-303-8812", "kind": "external"},
                        "match": {"state": "none", "reasons": [], "candidates": []}, "chips": [{"kind": "line", "text": "נייד"}], **change})  # fmt: skip


def withheld(**change: Any) -> dict[str, Any]:
    """A caller who hides the number."""
    return unknown(**{"number": {"e164": None, "display": "", "kind": "withheld"}, "match": {"state": "anonymous", "reasons": [], "candidates": []}, "chips": [], **change})  # fmt: skip
