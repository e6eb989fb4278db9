"""May the worker tell these people?  Not where they are the shipped sample and the way is real."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from alerts.sample import ROSTER, leftovers, samples
from config.schema import Settings
from streams.assembly import Desk, Wisdom

SAMPLE_ASSESSMENT = "样例"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class SampleTellsRealPeopleError(ValueError):
    """A sample would be told to a real carrier; the operator enters their own first."""


def real_ways(settings: Settings) -> tuple[str, ...]:
    """Return the settings that lead to carriers outside this machine.

    >>> real_ways(Settings())
    ('sms.endpoint https://dysmsapi.aliyuncs.com',)
    """
    sms, email = settings.sms.endpoint, settings.email.host
    ways = {
        f"sms.endpoint {sms}": urlsplit(sms).hostname or sms,
        f"email.host {email}": email,
    }
    return tuple(way for way, host in ways.items() if host not in LOOPBACK)


def why_not(settings: Settings, desk: Desk) -> str:
    """Return why a worker that notifies may not start with this knowledge, or "".

    Templates are of no use to a mail server: a sample of them matters to short messages only.
    """
    marked, ways = samples(desk.tree, desk.book), real_ways(settings)
    if not settings.roles.notify or settings.notify.allow_sample:
        return ""
    if ROSTER not in marked:
        ways = tuple(way for way in ways if way.startswith("sms."))
    if not marked or not ways:
        return ""
    return (
        f"{', '.join(marked)}: sample: true, but {', '.join(ways)} is real; enter your own people "
        f"and templates, then delete the line (docs/going-live.md)"
    )


def check_sample(settings: Settings, desk: Desk) -> None:
    """See that nobody real is told of a sample.

    Raises:
        SampleTellsRealPeopleError: somebody would be.
    """
    if reason := why_not(settings, desk):
        raise SampleTellsRealPeopleError(reason)


def doubts(settings: Settings, wisdom: Wisdom) -> Iterator[str]:
    """Yield what an operator is told of names that are not, or not all, their own."""
    faults = leftovers(
        wisdom.desk.tree,
        wisdom.desk.book,
        office=settings.notify.office,
        sender=settings.email.sender,
        sender_name=settings.email.sender_name,
    )
    yield from map(str, faults)
    persons = wisdom.expertise.knowledge.neighbours.persons
    if persons.enabled and persons.assessment.startswith(SAMPLE_ASSESSMENT):
        yield (
            f"neighbours.yaml: persons.assessment: {persons.assessment} is a sample; enter the "
            f"number of your own (个人信息保护法第五十五条), or set persons.enabled to false"
        )
