"""How does a letter reach a mail server, and what does each of the server's answers mean?

SMTP has no way to ask what became of a message.  So the hand-over is noted after RCPT, right
before DATA: what fails earlier is simply tried again, what is lost later stays in doubt
(``alerts.notification_row``).
"""

import contextlib
import datetime as dt
import email.policy
import enum
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

import aiosmtplib
import msgspec

from alerts.delivery import (
    Cause,
    Delivered,
    Found,
    HandOver,
    InDoubt,
    Outcome,
    Refused,
    TryAgain,
)
from alerts.members import csv_of
from alerts.notification import Notification
from alerts.rendering import Letter, one_line

GREYLISTED_AFTER = dt.timedelta(minutes=5)  # RFC 6647 §4.5: servers ask for some minutes
MENDED_AFTER = dt.timedelta(minutes=10)  # a person must act first
EMPTIED_AFTER = dt.timedelta(hours=1)

_MAILBOX_FULL = frozenset({452, 552})
_AUTHENTICATION = frozenset({530, 534, 535, 538})
_SERVICE_NOT_AVAILABLE = 421
_PERMANENT = range(500, 600)
_TRANSIENT = range(400, 500)


class Tls(enum.StrEnum):
    """How the connection is protected."""

    STARTTLS = "starttls"
    IMPLICIT = "tls"
    NONE = "none"  # the mailbox of the development stack, or a relay on the same machine


class SmtpAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A mail server and who we are to it.

    Units:
        ``timeout`` bounds one command, not the whole conversation.
    """

    host: str
    port: int
    sender: str
    sender_name: str = "企业信用风险预警"
    username: str = ""
    password: str = ""
    list_id: str = "sanzao.example.org"
    tls: Tls = Tls.STARTTLS
    timeout: dt.timedelta = dt.timedelta(seconds=10)

    def __post_init__(self) -> None:
        """Refuse to send a password in the clear to another machine."""
        is_local = self.host in {"localhost", "127.0.0.1", "::1"}
        if self.username and self.tls is Tls.NONE and not is_local:
            raise ValueError(f"tls of {self.host}: a login needs starttls or tls")

    @property
    def domain(self) -> str:
        """The domain of the sender: message ids are made in it."""
        return self.sender.rpartition("@")[2]

    def __repr__(self) -> str:
        """Return the account without its password."""
        return f"SmtpAccount(host={self.host!r}, port={self.port}, sender={self.sender!r})"


class _Stage(enum.Enum):
    """How far a conversation has come; the same answer means different things."""

    GREETING = 1
    SENDER = 2
    RECIPIENT = 3
    CONTENT = 4


class EmailChannel:
    """Sends letters over one mail server, one connection a letter."""

    def __init__(self, account: SmtpAccount, *, tls_context: ssl.SSLContext | None = None) -> None:
        self._account = account
        self._tls_context = tls_context

    async def send(
        self, notification: Notification, *, now: dt.datetime, hand_over: HandOver
    ) -> Outcome:
        """Send one letter."""
        if not isinstance(notification.content, Letter):
            raise TypeError(f"{notification.id} carries no letter")
        message = message_of(notification, notification.content, self._account, now=now)
        content = message.as_bytes(policy=email.policy.SMTP)
        client = aiosmtplib.SMTP(
            hostname=self._account.host,
            port=self._account.port,
            timeout=self._account.timeout.total_seconds(),
            # The default asks the resolver for our own name, which may block for seconds.
            local_hostname=self._account.domain,
            use_tls=self._account.tls is Tls.IMPLICIT,
            start_tls=False,
            tls_context=self._tls_context,
        )
        conversation = _Conversation(client, self._account)
        try:
            return await conversation.hold(notification.address, content, hand_over=hand_over)
        finally:
            client.close()

    async def find(
        self, notification: Notification, *, sent_at: dt.datetime, now: dt.datetime
    ) -> Found:
        """Say that nobody can be asked."""
        del notification, sent_at, now
        return InDoubt()


class _Conversation:
    """One connection, and the stage it has reached."""

    def __init__(self, client: aiosmtplib.SMTP, account: SmtpAccount) -> None:
        self._client = client
        self._account = account
        self._stage = _Stage.GREETING

    async def hold(self, address: str, content: bytes, *, hand_over: HandOver) -> Outcome:
        """Return what came of it, whatever the server does."""
        try:
            return await self._speak(address, content, hand_over=hand_over)
        except aiosmtplib.SMTPResponseException as error:
            return _meaning(error.code, error.message, self._stage)
        except aiosmtplib.SMTPTimeoutError:
            return TryAgain(Cause.TIMEOUT, doubtful=self._stage is _Stage.CONTENT)
        except OSError as error:  # among them SMTPConnectError and SMTPServerDisconnected
            refusal = error if isinstance(error, ssl.SSLError) else error.__cause__
            if isinstance(refusal, ssl.SSLError) and self._stage is _Stage.GREETING:
                return TryAgain(Cause.MISCONFIGURED, MENDED_AFTER, detail=f"TLS {refusal.reason}")
            is_doubtful = self._stage is _Stage.CONTENT
            detail = type(error).__name__
            return TryAgain(Cause.UNREACHABLE, doubtful=is_doubtful, detail=detail)
        except aiosmtplib.SMTPException:
            # The server lacks what we insist on: STARTTLS, or a way to log in.
            return TryAgain(Cause.MISCONFIGURED, MENDED_AFTER, detail="not offered by server")

    async def _speak(self, address: str, content: bytes, *, hand_over: HandOver) -> Outcome:
        """Go through the stages in order."""
        client, account = self._client, self._account
        await client.connect()
        if account.tls is Tls.STARTTLS:
            await client.starttls()
        if account.username:
            await client.login(account.username, account.password)
        self._stage = _Stage.SENDER
        await client.mail(account.sender)
        self._stage = _Stage.RECIPIENT
        await client.rcpt(address)
        if not await hand_over():
            return TryAgain(Cause.LEASE_LOST)
        self._stage = _Stage.CONTENT
        reply = await client.data(content)
        # The letter is delivered: what the goodbye brings must not change that.
        with contextlib.suppress(aiosmtplib.SMTPException, OSError):
            await client.quit(timeout=2)
        return Delivered(one_line(reply.message)[:100])


def _meaning(code: int, text: str, stage: _Stage) -> Outcome:
    """Return what an answer of the server means at a stage.

    The server's text is not kept but for its enhanced code: it often repeats the address.
    """
    words = text.split(maxsplit=1)
    detail = f"{code} {words[0] if words else ''}"[:20].strip()
    if code in _MAILBOX_FULL and stage is not _Stage.GREETING:
        return TryAgain(Cause.MAILBOX_FULL, EMPTIED_AFTER, detail=detail)
    if code == _SERVICE_NOT_AVAILABLE:
        return TryAgain(Cause.UNREACHABLE, detail=detail)
    if code in _TRANSIENT:
        return TryAgain(Cause.RATE_LIMITED, GREYLISTED_AFTER, detail=detail)
    if code in _PERMANENT:
        return _meaning_of_no(code, stage, is_policy=text.startswith("5.7."), detail=detail)
    return TryAgain(Cause.SERVER_ERROR, doubtful=stage is _Stage.CONTENT, detail=detail)


def _meaning_of_no(code: int, stage: _Stage, *, is_policy: bool, detail: str) -> Outcome:
    """Return what a permanent refusal means: only some of them are about this letter.

    A refused login, sender or relay is our configuration: the letter waits for the operator.
    """
    if stage is _Stage.CONTENT:
        return Refused(Cause.CONTENT_REJECTED, detail)
    if code in _AUTHENTICATION:
        return TryAgain(Cause.AUTH, MENDED_AFTER, detail=detail)
    if stage is _Stage.RECIPIENT and not is_policy:
        return Refused(Cause.BAD_ADDRESS, detail)
    return TryAgain(Cause.MISCONFIGURED, MENDED_AFTER, detail=detail)


def message_of(
    notification: Notification, letter: Letter, account: SmtpAccount, *, now: dt.datetime
) -> EmailMessage:
    """Return the message: text and page, threaded by warning, marked as sent by a machine.

    Every message of a warning refers to one id that no message has: mail programs then show
    them as one conversation, whichever of them a person received.

    Source:
        RFC 5322 §3.6.4 (References), RFC 3834 §5 (Auto-Submitted), RFC 2919 (List-Id).
    """
    message = EmailMessage(policy=email.policy.SMTP)
    thread = f"<thread.{notification.warning_id}@{account.domain}>"
    message["From"] = Address(one_line(account.sender_name), addr_spec=account.sender)
    message["To"] = Address(one_line(notification.person_name), addr_spec=notification.address)
    message["Subject"] = one_line(letter.subject)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{notification.id}@{account.domain}>"
    message["In-Reply-To"] = thread
    message["References"] = thread
    message["Auto-Submitted"] = "auto-generated"
    message["List-Id"] = f"<{account.list_id}>"
    message["X-Sanzao-Notification"] = notification.id
    message["X-Sanzao-Warning"] = one_line(notification.warning_number)
    message.set_content(letter.text, cte="base64")
    message.add_alternative(letter.html, subtype="html", cte="base64")
    if notification.members:
        name = f"{notification.warning_number}.csv"
        message.add_attachment(
            csv_of(notification.members), maintype="text", subtype="csv", filename=name,
            params={"charset": "utf-8"},
        )  # fmt: skip
    return message
