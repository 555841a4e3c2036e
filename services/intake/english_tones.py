"""What VADER has to learn to read support tickets: its general lexicon takes a crash for a feeling.

Valences run from -4 to 4. Words that describe a fault, a salutation or a wish are taken out; words and
phrases by which customers lose patience are put in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

#: Words that say what happened or what is wanted, not how somebody feels about it.
_NEUTRAL: Final = """
abandon abandoned abort abuse accept accepted accepting accident active admit affected agree alarm
alert alerts allow alone apologies apologise apologize assurance assure attack attacked attacking
attacks authority avoid ban banned battle best block blocked blocking blocks cancel canceled
cancelled cancelling care certain certainly challenge charged charges clarity clean clear cleared
clearly collapse collapsed commit committed conflict conflicting conflicts confusing corrupt cramp
crash credit critical cut cuts cutting damage damaged dead dear death debt defect defective
defects degraded delay delayed delays delete demand demanding denied denies deny deprived destroy
detained die died dies difficult difficulties difficulty disconnected dispute disregard disrupt
disrupted disruption disruptions disturb drop drown dump dumped dumps easier easy emergency empty
encourage energy engage error errors exhausted exploit expose exposed fail failed failing fails
failure failures false fatal fault feature fine fire flaw forbidden force forced free fresh gain
gained grant granted greet greetings hack hacked hard harm help helped helping helps hesitate
hidden honor hope hoping huge hurry ignored illegal importance important improve improved
improvement inability inconvenience inconvenienced injury innovation intact interest interested
interests interrupt interrupted interrupting interruption interruptions invalid invite inviting
isolated issue join joined justify kill killed killing kills kind lack lag lags leave legal like
liked limitation limited lonely lose loses losing loss losses lost low matter matters miss missed
misses missing mistake mistakes natural no number obsolete offensive offline opportunity oversight
panic pay peace please po poison positive prevent prevented prevents problem problems profit
progress promise protect protected ready recommend recommended regret reject rejected rejecting
rejection rejects relief resolve restrict restricted restriction restrictions risk risks robust
safe safely safety save saved sense severe share shared shares sharing significant smart solution
solutions solve solving sorry special stall stalled steal stop stopped stopping stops strange
strength strike strong struggle struggling stuck success successful successfully suffer sufficient
support supported supporter supporting supports sure suspect suspected suspend suspended
suspicious terminate threat threats tired toxic triumph trouble troubles troubleshoot true trust
trusted unable unclear undo unresolved unsafe unsupported urgent useful vague valid validate value
values violate violation violations virtual vulnerability vulnerable want war warn warned warning
warnings wars waste weak weird welcome well wish worry worth wrong yes
"""
NEUTRAL: Final = frozenset(_NEUTRAL.split())

#: Words of customers, with our own valences where VADER knows them at all.
WORDS: Final[Mapping[str, float]] = {
    "unacceptable": -3.0, "ridiculous": -2.6, "outrageous": -3.0, "disgraceful": -3.2, "disgrace": -3.0,
    "appalling": -3.2, "atrocious": -3.2, "shambles": -2.8, "useless": -2.4, "pathetic": -3.0,
    "incompetent": -3.0, "incompetence": -3.0, "unprofessional": -2.6, "joke": -1.6, "scam": -3.2,
    "fraud": -2.8, "liars": -3.0, "lied": -2.6, "terrible": -2.8, "worst": -3.1, "nightmare": -2.6,
    "furious": -3.4, "angry": -2.6, "outraged": -3.2, "frustrated": -2.0, "frustrating": -2.0,
    "frustration": -2.0, "annoyed": -1.8, "annoying": -1.6, "disappointed": -2.1, "disappointing": -2.1,
    "unhappy": -1.9, "dissatisfied": -2.1, "upset": -1.8, "fuming": -3.2, "complaint": -1.0,
    "complain": -1.2, "refund": -0.6, "compensation": -0.8, "poor": -1.5, "bad": -1.2, "broken": -0.6,
    "slow": -0.4, "thanks": 1.2, "thank": 1.2, "solved": 1.2, "resolved": 1.0, "fixed": 1.0,
    "ok": 0.6, "okay": 0.6, "good": 1.6,
}  # fmt: skip

#: Phrases whose words say less, or something else. One word stands for each.
PHRASES: Final[Mapping[str, float]] = {
    "best regards": 0.0, "kind regards": 0.0, "warm regards": 0.0, "thanks in advance": 0.0,
    "thank you in advance": 0.0, "thanks and regards": 0.0, "kill the process": 0.0, "dead letter": 0.0,
    "bad request": 0.0, "bad gateway": 0.0, "bad sector": 0.0, "poor performance": -0.4,
    "still fails": -0.6, "still failing": -0.6, "still broken": -0.8, "still not working": -0.8,
    "still not fixed": -1.0, "still waiting": -0.9, "still no": -0.8, "yet again": -0.9,
    "again and again": -1.0, "over and over": -1.0, "third time": -1.2, "fourth time": -1.5,
    "how many times": -1.8, "how long do": -1.0, "no response": -0.9, "no reply": -0.9, "no answer": -0.9,
    "nobody answers": -1.6, "nobody replies": -1.6, "nobody responds": -1.6, "nobody cares": -2.4,
    "no one answers": -1.6, "no one replies": -1.6, "no one responds": -1.6, "no one cares": -2.4,
    "being ignored": -2.0, "ignoring me": -2.2, "ignoring us": -2.2, "ignored my": -1.8,
    "fed up": -2.8, "sick of": -2.6, "sick and tired": -3.0, "tired of": -2.2, "had enough": -2.4,
    "last straw": -3.0, "never again": -2.6, "rip off": -3.0, "ripped off": -3.0, "waste of time": -2.4,
    "waste of money": -2.6, "wasting my time": -2.6, "wasted hours": -1.8, "losing money": -1.4,
    "losing customers": -1.6, "money back": -1.0, "cancel my": -1.0, "cancel our": -1.0,
    "go elsewhere": -1.5, "not good enough": -2.4, "what a joke": -2.6, "works now": 1.2,
    "working now": 1.2, "works again": 1.2, "working again": 1.2, "would like": 0.0,
}  # fmt: skip
