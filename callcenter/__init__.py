"""The domain of the call center, and the telephone.

Read in this order: `telephony/facts.py` (what we conclude), `telephony/events.py` and `telephony/calls.py` (how),
`telephony/switchboard.py` (the heartbeat), `crm/matching.py` (who is it), `crm/calllog.py` (the record), then
`screenpop/cards.py`, `screenpop/server.py` and `web/app.py`, where everything meets.
"""

__version__ = "0.1.0"
