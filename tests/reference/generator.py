"""Random cases, each known by its number and the seed, whatever process plays it.

Twenty cases share a calendar and a price list, as tickets do. Calendars lie around a change of the zone's
clocks in two of three worlds; acts like to fall on openings, closings, changes and due instants, and on
each other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from . import zones
from .cases import Act, Case, Intervals, Price, Promises, Verb, Week
from .hours import Hours
from .ticket import Ticket

#: How many cases share a world.
TOGETHER: Final = 50

_MS: Final = timedelta(milliseconds=1)
_DAY: Final = timedelta(days=1)
_RANKS: Final = (("critical", "high", "low"), ("gold", "plain"))
_PAIRS: Final = tuple((p, t) for p in _RANKS[0] for t in _RANKS[1])
_METRICS: Final = ("first_response", "next_response", "resolution", "periodic_update")
_REASONS: Final = ("waiting_on_customer", "waiting_on_third_party")
_VERBS: Final[dict[Verb, int]] = {
    "asks": 22,
    "replies": 20,
    "waits": 20,
    "goes on": 7,
    "priced": 14,
    "solved": 8,
    "reopened": 10,
    "closed": 2,
    "merged": 2,
    "parted": 3,
    "absorbs": 4,
}


@dataclass
class World:
    """What `TOGETHER` cases share. `around` is the instant their tickets are opened near to."""

    weeks: dict[str, Week]
    hours: dict[str, Hours]
    promises: Promises
    around: datetime
    edges: list[datetime]


def world_of(seed: int, number: int) -> World:
    """The world of the cases `number * TOGETHER` and following."""
    random = Random(f"{seed}/world/{number}")
    names = zones.names()
    zone = names[number % len(names)] if random.random() < 0.9 else random.choice(names)
    around = _instant(random, zone)
    weeks = {name: _week(random, zone, around) for name in ("a", "b")}
    if random.random() < 0.15:
        always: Intervals = ((0, 1440),)
        weeks["b"] = Week(random.choice(names), dict.fromkeys(range(7), always))
    if random.random() < 0.2:
        at = around + random.randint(1, 5 * 86_400_000) * _MS
        weeks["a"] = replace(weeks["a"], changed=(at, _week(random, zone, around)))
    hours = {name: _hours(week) for name, week in weeks.items()}
    return World(weeks, hours, _promises(random), around, _edges(random, hours, zone, around))


def _hours(week: Week) -> Hours:
    changed = week.changed and (week.changed[0], _hours(week.changed[1]))
    zone = ZoneInfo(week.zone)
    return Hours(zone, week.weekly, week.holidays, week.exceptions, changed)


def case_of(world: World, seed: int, number: int) -> Case:
    """The case of that number in its world."""
    random = Random(f"{seed}/case/{number}")
    spread = random.choice((4, 30, 200))
    opened = world.around + timedelta(
        milliseconds=random.randint(-spread, spread) * 3_600_000 // 10
    )
    if random.random() < 0.3 and world.edges:
        opened = _near(random, random.choice(world.edges))
    target = None if random.random() < 0.8 else random.choice(tuple(world.promises.prices.values()))
    first = Act(
        opened,
        "opened",
        pair=random.choice(_PAIRS),
        outbound=random.random() < 0.07,
        sla_target=target.next_response if target else None,
        contract=random.choice("ab") if random.random() < 0.15 else "",
    )
    acts = [first]
    for _ in range(random.randint(1, 9)):
        at = _when(random, world, acts)
        verb = random.choices(tuple(_VERBS), tuple(_VERBS.values()))[0]
        act = _act(random, verb, at)
        other = _other(random, at) if verb == "absorbs" else ()
        acts.append(replace(act, other=other))
    acts.sort(key=lambda act: act.at)
    until = acts[-1].at + random.choice((_MS, _DAY, 5 * _DAY, 20 * _DAY))
    return Case(world.weeks, world.promises, tuple(acts), until)


def _act(random: Random, verb: Verb, at: datetime) -> Act:
    if verb == "waits":
        return Act(at, verb, reason=random.choice(_REASONS))
    if verb == "priced":
        priority, tier = random.choice(_PAIRS)
        both = random.random() < 0.3
        by_priority = random.random() < 0.7
        pair = (priority if both or by_priority else "", tier if both or not by_priority else "")
        return Act(at, verb, pair=pair)
    return Act(at, verb)


def _other(random: Random, until: datetime) -> tuple[Act, ...]:
    """What happened to another ticket until it goes on as this one."""
    opened = until - random.randint(0, random.choice((3_600_000, 2 * 86_400_000))) * _MS
    acts = [Act(opened, "opened", pair=random.choice(_PAIRS))]
    for _ in range(random.randint(0, 4)):
        verb: Verb = random.choice(("asks", "replies", "waits", "priced"))
        at = opened + random.randint(0, (until - opened) // _MS) * _MS
        acts.append(_act(random, verb, at))
    return tuple(sorted(acts, key=lambda act: act.at))


def _when(random: Random, world: World, acts: list[Act]) -> datetime:
    """Some time after the opening: anywhere, at an edge, on another act, or when something falls due."""
    last, draw = acts[-1].at, random.random()
    if draw < 0.1:
        return last
    if draw < 0.3:
        later = [edge for edge in world.edges if edge >= acts[0].at]
        if later:
            return max(acts[0].at, _near(random, random.choice(later)))
    if draw < 0.4:
        due = _falls_due(world, acts)
        if due is not None:
            return max(acts[0].at, _near(random, due))
    scale = random.choice((60_000, 3_600_000, 86_400_000, 4 * 86_400_000))
    return last + random.randint(1, scale) * _MS


def _falls_due(world: World, acts: list[Act]) -> datetime | None:
    """When the first threshold falls due after what has happened so far."""
    ticket = Ticket(Case(world.weeks, world.promises, (), acts[-1].at), world.hours)
    for act in sorted(acts, key=lambda act: act.at):
        ticket.pass_time(act.at, inclusive=False)
        ticket.hear(act)
    due = ticket.next_due()
    return due and due[0]


def _near(random: Random, at: datetime) -> datetime:
    return at + random.choice((0, 0, 0, -1, 1)) * _MS


def _instant(random: Random, zone: str) -> datetime:
    changes = zones.changes(zone)
    if changes and random.random() < 0.67:
        return random.choice(changes) - random.randint(0, 4 * 24) * timedelta(hours=1)
    span = (zones.LAST - zones.FIRST) // _MS
    return zones.FIRST + random.randint(0, span) * _MS


def _week(random: Random, zone: str, around: datetime) -> Week:
    """One to three stretches a day, some nights, some days off, a few exceptions near `around`."""
    day = around.astimezone(ZoneInfo(zone)).date()
    usual = _intervals(random)
    working = range(7) if random.random() < 0.3 else range(random.randint(3, 5))
    weekly = {
        weekday: _intervals(random) if random.random() < 0.2 else usual for weekday in working
    }
    days = [day + n * _DAY for n in range(-3, 40)]
    return Week(
        zone,
        weekly,
        frozenset(random.sample(days, random.randint(0, 4))),
        {
            when: _intervals(random) if random.random() < 0.7 else ()
            for when in random.sample(days, random.randint(0, 3))
        },
    )


def _intervals(random: Random) -> Intervals:
    """Stretches of a day in order; often round hours, sometimes to the end of the day or around 2 o'clock."""
    style = random.random()
    if style < 0.25:
        return ((9 * 60, 12 * 60), (13 * 60, 18 * 60))
    if style < 0.35:
        return ((0, 6 * 60), (22 * 60, 1440))
    if style < 0.45:
        return ((60, 150), (150, 300))
    if style < 0.55:
        return ((0, 1440),)
    step = random.choice((1, 15, 30, 60))
    points = random.sample(range(0, 1440 + step, step), 2 * random.randint(1, 3))
    points.sort()
    return tuple(zip(points[::2], points[1::2], strict=True))


def _promises(random: Random) -> Promises:
    prices = {pair: _price(random) for pair in _PAIRS}
    for priority in _RANKS[0]:  # a priority has one calendar (C5)
        calendar = random.choice("ab")
        for tier in _RANKS[1]:
            prices[priority, tier] = replace(prices[priority, tier], calendar=calendar)
    few = tuple(sorted(random.sample(range(1, 100), random.randint(0, 4))))
    return Promises(
        prices=prices,
        thresholds=random.choice(((50, 75, 80, 90, 100), (*few, 100))),
        overdue=random.choice(((125, 150, 200, 300, 400), (), (110,))),
        mode=random.choice(("carry", "carry", "strictest", "restart")),
        pausing=frozenset(random.choice((_REASONS, _REASONS, _REASONS[:1], _REASONS[1:], ()))),
        window=random.choice((timedelta(hours=4), timedelta(days=2), timedelta(days=7))),
        floor_percent=random.choice((25, 25, 10, 50)),
        ranks=_RANKS,
        contracts={tier: random.choice("ab") for tier in _RANKS[1] if random.random() < 0.15},
    )


def _price(random: Random) -> Price:
    return Price(
        _budget(random),
        _budget(random),
        _budget(random),
        calendar="a",
        periodic_update=_budget(random) if random.random() < 0.2 else None,
        forced={metric: random.choice("ab") for metric in _METRICS if random.random() < 0.1},
    )


def _budget(random: Random) -> timedelta:
    """Mostly whole minutes, and often one that another cell has, too."""
    draw = random.random()
    if draw < 0.6:
        return timedelta(minutes=random.choice((15, 60, 240, 480, 1440)))
    if draw < 0.8:
        return random.randint(1, 1200) * timedelta(minutes=1)
    return random.randint(1, 40_000_000) * _MS


def _edges(random: Random, hours: dict[str, Hours], zone: str, around: datetime) -> list[datetime]:
    """Openings and closings in the days after `around`, and the changes of the clocks among them."""
    day = around.date()
    found = [
        edge
        for one in hours.values()
        for n in range(4)
        for span in one.day(day + n * _DAY)
        for edge in span
    ]
    found += [one.changed[0] for one in hours.values() if one.changed]
    near = [at for at in zones.changes(zone) if abs(at - around) < 6 * _DAY]
    return random.sample(found, min(len(found), 6)) + 2 * near
