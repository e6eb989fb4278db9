"""What is wrong with the settings though each can be read, and what should an operator hear of?"""

import collections
import datetime as dt

from alerts.authority import AuthorityTree
from alerts.coverage import unverified
from alerts.unheard import unheard
from config.schema import Settings
from detectors.warning import CHINA
from streams.assembly import (
    Wisdom,
    build_accounts,
    build_redis,
    calendar_complaint,
    unfounded,
)
from streams.sample_guard import doubts
from streams.settings_doubts import settings_doubts
from streams.sms_carriers import oddities_of_texts


def check_ways(settings: Settings) -> None:
    """Make the clients that a worker makes at its start; nobody is asked anything.

    Raises:
        config.load.InvalidConfigError: an address is none, or an account would send in the clear.
    """
    build_redis(settings)
    build_accounts(settings)


def oddities(settings: Settings, wisdom: Wisdom, *, now: dt.datetime) -> list[str]:
    """Return what is no hole, and yet hardly meant."""
    told = [calendar_complaint(wisdom.desk.calendar, now.astimezone(CHINA).date())]
    if wisdom.expertise.earliest.effective_from > now.timestamp():
        told.append(unfounded(wisdom.expertise))
    told += oddities_of_texts(settings, wisdom.desk.book)
    if settings.roles.notify and settings.notify.since is None:
        told.append(
            "notify.since 未设置：补录历史数据时，旧事项也会通知到人；请写上线之日。 "
            "Without it warnings of history are told, too."
        )
    told += [
        f"{'、'.join(names)} 的手机号相同：短信会发给另一人，请核对 {wisdom.desk.tree.file}。 "
        f"They have one phone number."
        for names in _with_one_phone(wisdom.desk.tree)
    ]
    told += [str(fault) for fault in unverified(wisdom.desk.tree)]
    told += map(str, unheard(wisdom.desk.tree, domains=wisdom.expertise.knowledge.domains))
    told += settings_doubts(settings, wisdom.desk.tree, now=now)
    told += doubts(settings, wisdom)
    return [one for one in told if one]


def _with_one_phone(tree: AuthorityTree) -> list[list[str]]:
    """Return the people who share a number, by name; the number is not shown."""
    names = collections.defaultdict(list)
    for person in tree.people:
        if person.phone:
            names[person.phone].append(f"{person.name}（{person.id}）")
    return [some for some in names.values() if len(some) > 1]
