"""How many words an engine heard wrongly, against what Asterisk's own prompts are known to say."""

from __future__ import annotations

import re

# What is spoken in the prompts, as their authors wrote it down (core-sounds-en.txt of the sounds' package).
SPOKEN = {
    "demo-congrats": (
        "Congratulations. You have successfully installed and executed the Asterisk open source PBX. You have also"
        " installed a set of sample sounds and configuration files that should help you to get started. Like a normal PBX"
        " you will navigate this demonstration by dialing digits. If you are using a console channel driver instead of a"
        " real phone you can use the dial, answer, and hang up commands to simulate the actions of a standard telephone."
    ),
    "demo-abouttotry": (
        "I am about to attempt an Inter-Asterisk Exchange connection to a demonstration server located at Digium. In order"
        " for this to work you must already be connected to the Internet. Please wait a moment while I attempt to make the"
        " connection."
    ),
    "demo-nogo": (
        "I am afraid I was unable to create a connection to the Digium demonstration Asterisk server. You may find some"
        " helpful debugging information on the Asterisk console."
    ),
    "tt-allbusy": (
        "All representatives of the household are currently assisting other telemarketers. Please hold and your call will"
        " be answered in the order it was received."
    ),
}


def plain(text: str) -> list[str]:
    """Give a text's words without case, punctuation and hyphens."""
    return re.findall(r"[a-z0-9']+", text.lower().replace("-", " "))


def errors(spoken: list[str], heard: list[str]) -> int:
    """Count the words put in, left out or changed (Levenshtein's distance)."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(spoken, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1]
