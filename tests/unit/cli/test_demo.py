"""The demo's day repeats with its seed, and its account finds what is lost or double."""

from services.demo.reconcile import Account, _sequences, _time_facts
from services.demo.script import support_day
from services.demo.watcher import Seen
from shared.contracts import SlaBreached, SlaWarning, SlaWithdrawn, TicketOpened, encode
from tests.support.builders import a, an_event


def test_the_same_seed_gives_the_same_day_and_another_seed_another() -> None:
    day = support_day(seed=7, tickets=50, seconds=30)

    assert day == support_day(seed=7, tickets=50, seconds=30)
    assert day != support_day(seed=8, tickets=50, seconds=30)
    assert [scene.at for scene in day] == sorted(scene.at for scene in day)


def test_a_repeated_record_counts_once_and_rubbish_is_counted_apart() -> None:
    seen = Seen()
    document = encode(an_event(a(TicketOpened)))

    for record in (document, document, b"rubbish"):
        seen.take(record)

    assert (len(seen.events), seen.repeats, seen.undecodable) == (1, 1, 1)


def test_a_gap_in_a_sequence_is_a_loss() -> None:
    account = Account()

    _sequences(account, [an_event(a(TicketOpened), sequence=n) for n in (1, 3)])

    assert len(account.lost) == 1


def test_a_threshold_announced_twice_is_a_double() -> None:
    account = Account()

    _time_facts(account, [an_event(a(SlaWarning), sequence=n) for n in (1, 2)])

    assert len(account.duplicated) == 1


def test_a_breach_announced_again_after_its_withdrawal_is_none() -> None:
    account = Account()
    story = (a(SlaBreached), a(SlaWithdrawn), a(SlaBreached))

    _time_facts(account, [an_event(fact, sequence=n) for n, fact in enumerate(story, 1)])

    assert account.duplicated == []
