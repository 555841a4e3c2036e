"""The workflow file: what the business decides, as validated values.

`load_workflow(path)` reads it (`None`: the packaged default), `parse_workflow(text)` reads a text.
Everything below is pure; the file is read in `loader.py` only.
"""

from .escalation import NEXT_LEVEL, EscalationPolicy, HoldPolicy, LevelRules, Trigger
from .facts import Facts, opening_facts
from .levels import CustomerPolicy, Level
from .loader import load_workflow, parse_workflow
from .noise import Noise, QuietHours
from .notification import NotificationPolicy, NotificationRule, Template
from .problems import Problem, WorkflowError
from .rotation import Rotation
from .routing import Action, Queue, Route, RoutingPolicy, RoutingRule
from .sla import SlaPolicy, Targets
from .triage import SentimentPolicy, TriagePolicy
from .workflow import WorkflowPolicy

__all__ = [
    "NEXT_LEVEL",
    "Action",
    "CustomerPolicy",
    "EscalationPolicy",
    "Facts",
    "HoldPolicy",
    "Level",
    "LevelRules",
    "Noise",
    "NotificationPolicy",
    "NotificationRule",
    "Problem",
    "Queue",
    "QuietHours",
    "Rotation",
    "Route",
    "RoutingPolicy",
    "RoutingRule",
    "SentimentPolicy",
    "SlaPolicy",
    "Targets",
    "Template",
    "TriagePolicy",
    "Trigger",
    "WorkflowError",
    "WorkflowPolicy",
    "load_workflow",
    "opening_facts",
    "parse_workflow",
]
