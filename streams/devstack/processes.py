"""How does a local server start, prove that it is ready, and never outlive us?

A server runs in a session of its own, so Ctrl-C in a terminal reaches us and not it, and writes
to a log file in its folder.  Everything listens on loopback.  Functions here block: from a
coroutine call them through ``asyncio.to_thread``.
"""

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

LOOPBACK = "127.0.0.1"

# Below Linux's 32768 and the 49152 of macOS: a port from the ephemeral range can be taken by any
# outgoing connection while a server restarts, and a client that retries such a port can even
# connect to itself and wait for ever.
FIRST_PORT, LAST_PORT = 20_000, 32_000

POLL_EVERY_S = 0.05
TAIL_LINES = 15
BIND_ATTEMPTS = 3

# What a server that found its port taken writes (C, Java, Rust, Python and Redis say it so).
PORT_TAKEN = ("address already in use", "eaddrinuse", "bindexception", "addrinuse")

# A sibling, not PR_SET_PDEATHSIG: that signal comes when the *thread* that started the child ends,
# works on Linux alone, and needs preexec_fn, which can deadlock beside threads.  This shell reads
# a pipe whose other end only we hold: a line means the server was stopped in good order; the end
# of the file means we died, however we died, and then the server's whole group goes too.
# (-s KILL: dash takes no "--" after -KILL and would kill nothing.)
GUARD = 'read -r line && exit 0; kill -s KILL -- "-$1"'

_ports = random.SystemRandom()


class ServerError(RuntimeError):
    """A local server did not start or stay up: whoever runs the machine acts; the text says how."""


class PortTakenError(ServerError):
    """A local server found its port in use: another port may do."""


@dataclass(frozen=True, slots=True)
class Program:
    """What to run, where, and how to know that it is ready.

    ``is_ready`` is asked again and again; an ``OSError`` from it means not yet.  ``remedy`` ends
    the message of a failed start.
    """

    name: str
    argv: Sequence[str | Path]
    folder: Path
    is_ready: Callable[[], bool]
    remedy: str = "read its log"
    environment: Mapping[str, str] = field(default_factory=dict)
    start_within_s: float = 30.0
    stop_within_s: float = 15.0

    @property
    def log(self) -> Path:
        """Return the file that takes the standard output and error of every start."""
        return self.folder / f"{self.name}.log"


class Server:
    """One program as a process: start, stop, kill, start again on the same folder and port.

    As a context manager it starts on entering and stops on leaving.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._log_from = 0

    @property
    def pid(self) -> int:
        """Return the process id of the running server, which leads its own process group.

        Raises:
            ServerError: it was never started.
        """
        if self._process is None:
            raise ServerError(f"{self.program.name} has not been started; call start() first")
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Return whether the process runs now (it may still not be ready)."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> Self:
        """Start the process and return once it is ready.

        Raises:
            ServerError: it runs already, cannot be run, died, or was not ready in time; in the
                last two cases it is gone when this returns.
            PortTakenError: it died because its port was in use.
        """
        self.launch()
        self.await_ready()
        return self

    def launch(self) -> None:
        """Start the process and return at once, for servers that become ready only together.

        Raises:
            ServerError: it runs already, or cannot be run.
        """
        program = self.program
        if self.is_alive:
            raise ServerError(f"{program.name} runs already as process {self.pid}; stop it first")
        program.folder.mkdir(parents=True, exist_ok=True)
        self._dismiss_guard()
        with program.log.open("ab") as log:
            self._log_from = log.tell()
            try:
                self._process = subprocess.Popen(
                    [str(word) for word in program.argv],
                    cwd=program.folder,
                    env={**os.environ, **program.environment},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise ServerError(
                    f"{program.name} cannot be run: {error}; {program.remedy}"
                ) from error
        self._guard = _guard(self._process.pid)

    def await_ready(self) -> None:
        """Wait until the launched process is ready.

        Raises:
            ServerError: it died, or was not ready in time; it is gone when this returns.
            PortTakenError: it died because its port was in use.
        """
        try:
            self._watch_until_ready()
        except BaseException:  # a KeyboardInterrupt while waiting must not leave it behind either
            self.kill()
            raise

    def stop(self) -> None:
        """Ask the process to end, wait, and end its whole group by force if it does not."""
        if self._process is None:
            return
        if self.is_alive:
            self._process.terminate()
            try:
                self._process.wait(self.program.stop_within_s)
            except subprocess.TimeoutExpired:
                self.kill()
        self._dismiss_guard()

    def kill(self) -> None:
        """End the whole process group at once, as a power cut would (``kill -9``)."""
        if self._process is None:
            return
        if self.is_alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._dismiss_guard()

    def written(self) -> str:
        """Return what the process wrote to its log since its last start."""
        with self.program.log.open("rb") as log:
            log.seek(self._log_from)
            return log.read().decode(errors="replace")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _watch_until_ready(self) -> None:
        deadline = time.monotonic() + self.program.start_within_s
        while True:
            ready = _says_yes(self.program.is_ready)
            # Asked after the probe: a stranger on our port may have answered it in our stead.
            if not self.is_alive:
                raise self._failure(f"ended with status {self.status} before it was ready")
            if ready:
                return
            if time.monotonic() > deadline:
                raise self._failure(f"was not ready after {self.program.start_within_s:g} s")
            time.sleep(POLL_EVERY_S)

    @property
    def status(self) -> int | None:
        """Return the exit status of a process that has ended, None while it runs."""
        return self._process.poll() if self._process else None

    def _failure(self, fact: str) -> ServerError:
        text = self.written()
        last = "\n".join(f"  | {line}" for line in text.splitlines()[-TAIL_LINES:])
        taken = any(sign in text.lower() for sign in PORT_TAKEN)
        kind = PortTakenError if taken and not self.is_alive else ServerError
        return kind(
            f"{self.program.name} {fact}; {self.program.remedy}\n"
            f"the last lines of {self.program.log}:\n{last or '  | (nothing was written)'}"
        )

    def _dismiss_guard(self) -> None:
        if self._guard is None:
            return
        assert self._guard.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._guard.stdin.write(b"stopped in good order\n")
            self._guard.stdin.flush()
        with contextlib.suppress(BrokenPipeError):
            self._guard.stdin.close()
        self._guard.wait()
        self._guard = None


def _guard(pid: int) -> subprocess.Popen[bytes]:
    """Start the shell that ends process group ``pid`` when this process is no more.

    The weakness: a child that this process *forks* without exec holds the pipe open as well, and
    the server lives as long as it does.
    """
    return subprocess.Popen(
        ["/bin/sh", "-c", GUARD, "guard", str(pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _says_yes(is_ready: Callable[[], bool]) -> bool:
    try:
        return is_ready()
    except OSError:
        return False


def free_port() -> int:
    """Return a loopback port outside the ephemeral range that nothing listens on just now.

    Another process may take it before you do; ``started_on_free_port`` then tries another one.

    Raises:
        ServerError: no port was found in a hundred draws.
    """
    for _ in range(100):
        port = _ports.randrange(FIRST_PORT, LAST_PORT)
        with socket.socket() as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise ServerError(f"no free port between {FIRST_PORT} and {LAST_PORT}; stop some servers")


def accepts(port: int) -> bool:
    """Return whether something on loopback accepts connections on ``port``."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1):
            return True
    except OSError:
        return False


@contextlib.contextmanager
def started_on_free_port(
    program_for: Callable[[int], Program], *, port: int | None = None
) -> Iterator[tuple[Server, int]]:
    """Run a server on a free port, or on ``port``, and stop it on leaving.

    Raises:
        ServerError: as ``Server.start``.  A free port that somebody else took in the meantime is
            replaced twice before giving up; a ``port`` that was asked for never is.
    """
    attempts = 1 if port else BIND_ATTEMPTS
    for attempt in range(1, attempts + 1):
        chosen = port or free_port()
        server = Server(program_for(chosen))
        try:
            server.start()
        except PortTakenError:
            if attempt == attempts:
                raise
        else:
            break
    with contextlib.ExitStack() as stack:
        stack.callback(server.stop)
        yield server, chosen


@contextlib.contextmanager
def announcing(
    module: str, *arguments: str | Path, name: str, folder: Path
) -> Iterator[dict[str, Any]]:
    """Run one of our own modules as a process; yield the JSON line it prints when ready.

    The process binds its own free ports and tells them, so nobody can take them in between.

    Raises:
        ServerError: as ``Server.start``.
    """
    server = Server(
        Program(
            name=name,
            argv=[sys.executable, "-m", module, *arguments],
            folder=folder,
            is_ready=lambda: _announcement(server) is not None,
            environment={"PYTHONUNBUFFERED": "1"},
        )
    )
    with server:
        said = _announcement(server)
        assert said is not None
        yield said


def _announcement(server: Server) -> dict[str, Any] | None:
    for line in server.written().splitlines(keepends=True):
        if line.startswith('{"ready"') and line.endswith("\n"):
            said: dict[str, Any] = json.loads(line)
            return said
    return None
