"""How do the commands speak to a person: one message, what is wrong, how to mend it?"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from config.schema import Settings
from streams.plain_words import MENDABLE, in_plain_words

out = Console()
# One message, one line: a path that rich cut in two can be neither copied nor searched for.
err = Console(stderr=True, highlight=False, soft_wrap=True)
USAGE = 2
NOT_FOUND = 1
DENIED = 3

Config = Annotated[
    Path | None,
    typer.Option("--config", envvar="SANZAO_CONFIG", help="配置文件 settings.yaml"),
]
File = Annotated[Path, typer.Argument(help="事件文件，每行一个 CloudEvents JSON")]
Knowledge = Annotated[Path | None, typer.Option("--knowledge", help="知识目录")]


@contextmanager
def told_plainly() -> Iterator[None]:
    """Turn what a person can mend into one plain message and exit code 2."""
    try:
        yield
    except MENDABLE as error:
        err.print(f"错误 / error: {in_plain_words(error)}", style="red", markup=False)
        raise typer.Exit(USAGE) from error


def with_knowledge(settings: Settings, knowledge: Path | None) -> Settings:
    """Return the settings with another folder of knowledge, where one is given."""
    if knowledge is None:
        return settings
    return msgspec.structs.replace(settings, knowledge=str(knowledge))
