"""Which settings are there, in which units, and what are their defaults?"""

import datetime as dt
import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Port = Annotated[int, Meta(ge=0, le=65535)]
Member = Literal["newton", "newton_10k", "adagrad", "sgd", "forest", "bayes"]
LINEAR_MEMBERS = frozenset({"newton", "newton_10k", "adagrad", "sgd"})
Positive = Annotated[float, Meta(gt=0)]
WebAddress = Annotated[str, Meta(pattern=r"^(https?://[^/\s]+(/[^\s]*)?)?\Z")]
MailAddress = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+\Z")]
A_DAY = 86_400.0  # seconds
_REGION = re.compile(r"[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}")  # GB/T 2260
LEAST_SECRET = 24  # characters; `openssl rand -hex 32` gives 64


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the settings: an unknown key is a misspelt one."""


class Kafka(Section, frozen=True):
    """The broker, and how patient we are with it.

    ``partitions`` is fixed once the topics exist: enterprises keep their partition for life.
    ``retention_days`` is of the event log and the alert topics.
    """

    bootstrap: str = "127.0.0.1:9092"
    group: Annotated[str, Meta(min_length=1)] = "sanzao"
    partitions: Annotated[int, Meta(ge=1, le=1000)] = 8
    replication: Annotated[int, Meta(ge=1, le=9)] = 1
    retention_days: Annotated[int, Meta(ge=1)] = 400
    create_topics: bool = True
    idempotent: bool = True
    session_timeout_s: Positive = 30.0
    rebalance_timeout_s: Positive = 60.0
    heartbeat_s: Positive = 3.0
    commit_interval_s: Positive = 0.5
    max_poll_records: Annotated[int, Meta(ge=1, le=100_000)] = 2000
    buffered_batches: Annotated[int, Meta(ge=1, le=1000)] = 8


class Redis(Section, frozen=True):
    """Where states, snapshots and the outbox live.  ``timeout_s`` bounds one answer.

    ``may_lose_s`` is how much it may lose of what it has answered: with ``appendfsync everysec``
    up to two seconds, with ``always`` and no failover nothing.  Records are committed only when
    they are older, so that they are read again.  ``same_server``: a worker ends where Redis was
    started anew or replaced; off behind a proxy that spreads connections over several servers.
    """

    url: str = "redis://127.0.0.1:6379/0"
    timeout_s: Positive = 5.0
    may_lose_s: Annotated[float, Meta(ge=0, le=3600)] = 2.0
    same_server: bool = True


class Web(Section, frozen=True):
    """Metrics, health, delivery reports and the page of a warning.  Loopback unless opened.

    The page is there with both ``link_secret``, which seals the links in the mails and never
    stands in YAML, and ``public_url``, where people's browsers reach this port (by a proxy that
    lets ``/w/`` through alone).  Another secret makes all links of before void.
    """

    host: str = "127.0.0.1"
    port: Port = 8000
    public_url: WebAddress = ""
    link_secret: str = ""

    def __post_init__(self) -> None:
        """Refuse a secret that could be guessed."""
        if self.link_secret and len(self.link_secret) < LEAST_SECRET:
            raise ValueError(f"link_secret: 至少 {LEAST_SECRET} 个字符 characters at least")

    @property
    def has_page(self) -> bool:
        """Whether a warning has a page that people can reach."""
        return bool(self.public_url and self.link_secret)


class Model(Section, frozen=True):
    """``live`` learns and scores; ``none`` leaves the model out (for comparisons).

    ``members`` are the experts that learn (docs/decisions/0010); one of the linear ones (newton,
    newton_10k, adagrad, sgd) must be among them, for these alone are exported for scoring.
    """

    mode: Literal["live", "none"] = "live"
    refresh_s: Positive = 1.0
    members: Annotated[tuple[Member, ...], Meta(min_length=1)] = (
        "newton", "newton_10k", "adagrad", "sgd", "forest", "bayes",
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Refuse experts none of which can be exported."""
        if not LINEAR_MEMBERS & set(self.members):
            raise ValueError(
                f"members: none of {', '.join(self.members)} can score; 请加上其一 add one of "
                f"{', '.join(sorted(LINEAR_MEMBERS))}"
            )


class Email(Section, frozen=True):
    """The SMTP server.  ``password`` comes from the environment or a file, never from YAML."""

    host: str = "127.0.0.1"
    port: Port = 25
    sender: MailAddress = "sanzao@example.org"
    sender_name: str = "企业信用风险预警"
    username: str = ""
    password: str = ""
    tls: Literal["starttls", "tls", "none"] = "starttls"
    timeout_s: Positive = 10.0


ALIYUN = "https://dysmsapi.aliyuncs.com"


class Sms(Section, frozen=True):
    """The SMS gateway.  ``secret`` never stands in YAML.

    ``provider: aliyun`` is Alibaba Cloud; ``mas`` is China Mobile's MAS (中国移动云MAS, decision
    0021): ``endpoint`` is the gateway's address before ``/sms/tmpsubmit``, ``access_key`` the user
    of the interface (apId), ``secret`` its secretKey.  Of mas alone: ``ec_name`` (集团客户名称),
    ``sign_code`` (签名编码), ``add_serial`` (扩展码), ``secret_in_body`` where the gateway wants
    the key in the request, and ``allow_http`` where the way to it is no open network (政务外网).
    Its reports are fetched every ``reports_every_s``, each once; 0 leaves them to another system
    that fetches for the same account.
    """

    provider: Literal["aliyun", "mas"] = "aliyun"
    endpoint: str = ALIYUN
    access_key: str = ""
    secret: str = ""
    ec_name: str = ""
    sign_code: str = ""
    add_serial: Annotated[str, Meta(pattern=r"^[0-9]*$")] = ""
    secret_in_body: bool = False
    allow_http: bool = False
    reports_every_s: Annotated[float, Meta(ge=0, le=86400)] = 60.0
    timeout_s: Positive = 10.0

    def __post_init__(self) -> None:
        """Refuse half an account: each text would be turned away."""
        if self.provider != "mas":
            return
        for key, example in (("ec_name", "集团客户名称"), ("sign_code", "签名编码")):
            if not getattr(self, key):
                raise ValueError(f"{key}: provider mas needs it ({example}); ask China Mobile")
        if self.endpoint == ALIYUN:
            raise ValueError("endpoint: provider mas needs the address of its gateway")


class Notify(Section, frozen=True):
    """How messages go out.

    ``since`` is the day on which a bureau goes to work with us: warnings of before it (event time,
    days in China) are history, kept and listed and told to nobody, so that the records of years
    can be loaded without a text for each old matter.  Without it everything is told.
    ``lease_s`` is how long a message stays with a worker that fell silent; ``send_timeout_s``
    bounds one attempt and must be at most half of it.  ``office`` signs the letters (the
    duty desk's bureau, where it is empty), ``system_url`` is a system of the bureau's own, where
    their button leads unless ``web`` has the page; with neither, people sign with the duty desk.
    ``allow_sample`` lets people marked as a sample be told over real carriers: for a trial whose
    stand-ins run on another machine.  ``batch_delay_s`` is how long the message about a
    batch (a deadline that many missed at once) waits while its list fills; a deadline falls due at
    midnight, so 30600 tells the stations at half past eight; in a simulation it passes by the wall
    clock, too.  ``quiet_hours`` (China): what falls
    into them is told at their end, and limits run from then; what ladder.yaml calls urgent is told
    at any hour, and "" keeps nothing back.  A simulation does not wait for the morning.
    """

    since: dt.date | None = None
    poll_s: Positive = 0.2
    lease_s: Positive = 60.0
    send_timeout_s: Positive = 25.0
    office: str = ""
    system_url: WebAddress = ""
    batch_delay_s: Annotated[float, Meta(ge=0, le=A_DAY)] = 1800.0
    quiet_hours: Annotated[
        str, Meta(pattern=r"^(([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d)?$")
    ] = "22:00-07:30"
    parallel: Annotated[int, Meta(ge=1, le=100)] = 8
    allow_sample: bool = False

    def __post_init__(self) -> None:
        """Refuse a lease in which an attempt might not end."""
        if self.lease_s < 2 * self.send_timeout_s:
            raise ValueError(
                "lease_s: 须至少为 send_timeout_s 的两倍。twice send_timeout_s at least"
            )


class Timers(Section, frozen=True):
    """How deadlines fall due (decision 0013).

    ``clock: wall`` is for a bureau at work: a deadline falls due by the wall clock, once all that
    had reached the log by then is read, so that a backlog is read before anything is judged
    absent.  ``clock: events`` is for simulations and for replaying historical data through the
    log: time is the latest event time of the partition, and where no event comes it stands still;
    a bureau at work that chose it would never hear of what does not happen in a quiet partition.
    People's time limits then run from a warning's issue, too.

    ``lateness_s`` is how long an event may come after one of the same moment: deadlines wait so
    much longer.  At most ``batch`` deadlines of a partition are told at once, ``window`` are under
    way, ``per_second`` leave this worker; one that led nowhere is told again after
    ``again_after_s``.
    """

    clock: Literal["wall", "events"] = "wall"
    poll_s: Positive = 1.0
    lateness_s: Annotated[float, Meta(ge=0)] = 60.0
    batch: Annotated[int, Meta(ge=1, le=10_000)] = 500
    window: Annotated[int, Meta(ge=1, le=100_000)] = 1000
    per_second: Annotated[int, Meta(ge=1, le=1_000_000)] = 5000
    again_after_s: Positive = 60.0


class Survey(Section, frozen=True):
    """When regions and industries are surveyed (rule W28): once a day, for all days before it.

    A day waits ``after_midnight_s`` for what comes late of the day before; where ``timers.clock``
    is ``events``, a day begins when every partition that has events has reached it.
    """

    after_midnight_s: Annotated[float, Meta(ge=0, lt=86400)] = 21_600.0
    poll_s: Positive = 10.0


class Chase(Section, frozen=True):
    """How often it is looked for warnings that nobody has signed for in time (催办、督办).

    It goes by the wall clock: where ``timers.clock`` is ``events`` (a simulation, a replay of
    history) nobody is chased.
    """

    poll_s: Positive = 30.0


class Watchdog(Section, frozen=True):
    """After how long without progress the process ends itself, non-zero."""

    stalled_after_s: Positive = 60.0


class Roles(Section, frozen=True):
    """What this process does.  One process does all; a busy county lets another one learn.

    ``timers`` tells deadlines for the partitions that ``assess`` owns; without it it does nothing.
    Each partition needs one process with both, or nothing in it ever falls due.
    ``survey`` surveys regions once a day where the process owns the first partition that
    ``assess`` reads: set it alike in all that assess.  ``chase`` tells what nobody has signed for
    in time, in that same process: set it alike in all that notify or assess.
    """

    assess: bool = True
    learn: bool = True
    notify: bool = True
    neighbours: bool = True
    timers: bool = True
    survey: bool = True
    chase: bool = True

    @property
    def suffix(self) -> str:
        """Return what the consumer group's name gets where a process does not do all.

        A group shares the partitions of its topics among its members, so members must read the
        same topics.  Timers, surveys and chasing read none.
        """
        readers = {"assess": self.assess, "learn": self.learn, "notify": self.notify}
        active = [name for name, reads in readers.items() if reads]
        some = "" if len(active) == len(readers) else "-" + "-".join(active)
        # Named by its absence: processes of before this role keep their groups.
        return some if self.neighbours else f"{some}-no-neighbours"


class Settings(Section, frozen=True):
    """All settings of one worker.

    ``scope`` are the regions (GB/T 2260 prefixes) whose enterprises this desk may look up; none
    means all.  Every look is written to the audit trail, refused or not.
    """

    kafka: Kafka = Kafka()
    redis: Redis = Redis()
    web: Web = Web()
    model: Model = Model()
    email: Email = Email()
    sms: Sms = Sms()
    notify: Notify = Notify()
    roles: Roles = Roles()
    timers: Timers = Timers()
    survey: Survey = Survey()
    chase: Chase = Chase()
    watchdog: Watchdog = Watchdog()
    knowledge: str = ""
    scope: tuple[str, ...] = ()
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    def __post_init__(self) -> None:
        """Refuse a scope in which nothing could lie."""
        for region in self.scope:
            if not _REGION.fullmatch(region):
                raise ValueError(
                    f"scope: {region!r} 不是区划代码：2、4、6 或 9 位数字，多个用半角逗号隔开。"
                    f"write 2, 4, 6 or 9 digits, with plain commas between them"
                )
