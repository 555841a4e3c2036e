"""How often a signal means what it says: real texts whose matches a person has judged.

`labels/signals.csv` holds the judgements, by the ids of the texts: `yes` where the writer means what the word
group stands for. Part `seen`: read before the word lists were settled; `held back`: only afterwards.
"""

from __future__ import annotations

import csv
from collections import Counter

from tests.support.asked import packaged
from tests.support.figures import Figure

from .data import LABELS, questions, tickets

_NAMES = {"it_tickets_endava": "IT tickets", "dup_askubuntu": "questions about Ubuntu"}


def measure() -> list[Figure]:
    """The figures; needs `../shared/data` beside the checkout and takes a few seconds."""
    texts = {"it_tickets_endava": tickets(), "dup_askubuntu": questions()}
    found = {
        (name, key, group)
        for name, by_id in texts.items()
        for key, text in by_id.items()
        for group in packaged().signal_words(text)
    }
    right, judged, known = Counter[str](), Counter[str](), set()
    with (LABELS / "signals.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            match = (row["dataset"], row["text"], row["group"])
            known.add(match)
            if match in found:
                name = f"signals, {row['group']} in {_NAMES[row['dataset']]} ({row['part']})"
                judged[name] += 1
                right[name] += row["right"] == "yes"
    return [
        *(
            Figure(f"{name}: precision of {judged[name]}", right[name] / judged[name], "share")
            for name in judged
        ),
        Figure("signals, texts read", sum(map(len, texts.values())), "texts"),
        Figure("signals, matches", len(found), "matches"),
        Figure("signals, matches nobody has judged", len(found - known), "matches"),
    ]
