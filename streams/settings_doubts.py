"""Which settings can be read, and yet would keep people from being told?"""

import datetime as dt
from collections.abc import Iterator
from urllib.parse import urlsplit

from alerts.authority import AuthorityTree
from alerts.hours import Span
from alerts.tree_shape import COUNTY_DIGITS
from config.schema import A_DAY, Settings
from detectors.warning import CHINA
from streams.sample_guard import LOOPBACK

FAR_AHEAD = dt.timedelta(days=92)  # a bureau rehearses for a month or two before it goes live
_NOON = dt.time(12)


def settings_doubts(settings: Settings, tree: AuthorityTree, *, now: dt.datetime) -> Iterator[str]:
    """Yield what an operator hears of settings that are hardly meant."""
    yield from _of_scope(settings, tree)
    web = settings.web
    if bool(web.public_url) is not bool(web.link_secret):
        missing = "web.public_url" if web.link_secret else "SANZAO_WEB__LINK_SECRET_FILE"
        yield (
            f"{missing} 未设置：web.public_url 与 web.link_secret 缺一，即没有预警页面，"
            f"信中没有签收的链接。 There is no page of a warning without both."
        )
    notify = settings.notify
    if notify.since is not None and notify.since - now.astimezone(CHINA).date() > FAR_AHEAD:
        yield (
            f"notify.since 为 {notify.since}：此前的预警不通知任何人，请核对年份。 "
            f"Until then nobody is told of anything."
        )
    if notify.quiet_hours and Span.parse(notify.quiet_hours).holds(_NOON):
        yield (
            f"notify.quiet_hours 为 {notify.quiet_hours}，包括正午：白天的消息到夜里才发，"
            f"是否写反了？ Messages of the day are told at night."
        )
    yield from _of_addresses(settings)
    if settings.timers.lateness_s > A_DAY:
        yield (
            f"timers.lateness_s 为 {settings.timers.lateness_s:.0f} 秒，超过一天："
            f"到期的事项都晚这么久才报出，单位是秒。 Deadlines wait so long; these are seconds."
        )
    if settings.timers.clock == "events":
        yield (
            "timers.clock 为 events：只用于模拟和历史数据，没有新事件时，到期的事项不会报出；"
            "正式运行请改为 wall。 A bureau at work needs wall."
        )


def _of_addresses(settings: Settings) -> Iterator[str]:
    """Yield the addresses in real mails that lead back to the reader's own machine."""
    if settings.email.host in LOOPBACK:
        return
    for name, address in (
        ("web.public_url", settings.web.public_url),
        ("notify.system_url", settings.notify.system_url),
    ):
        if urlsplit(address).hostname in LOOPBACK:
            yield (
                f"{name} 为 {address}：收件人打开的是自己的电脑；请写反向代理的网址。 "
                f"Nobody who reads the mail reaches it."
            )


def _of_scope(settings: Settings, tree: AuthorityTree) -> Iterator[str]:
    """Yield the regions of the scope in which the roster has nobody."""
    places = {
        region
        for authority in tree.authorities
        for region in authority.regions
        if len(region) >= COUNTY_DIGITS
    }
    for mine in settings.scope:
        if not any(place.startswith(mine) or mine.startswith(place) for place in places):
            yield (
                f"scope 中的 {mine} 不在 {tree.file} 的任何县、所（regions）之内："
                f"本单位查不到名录内的企业，请核对。 No region of the roster lies in it."
            )
