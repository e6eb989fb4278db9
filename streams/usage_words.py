"""What is wrong with how a command was called, in the words of whoever typed it?

Typer says it in English, in a box that breaks lines.  Ours says in Chinese what to correct, then
Typer's own sentence, as every other error of the terminal.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.text import Text
from typer import rich_utils
from typer.core import TyperGroup

from streams.terminal import USAGE, err

# By the class of the error, which Typer keeps to itself, and how its sentence begins.
_WORDS = (
    ("NoSuchOption", "", "没有这个选项"),
    ("MissingParameter", "", "缺少必填的参数或选项"),
    ("BadParameter", "", "参数或选项的值不能用"),
    ("BadOptionUsage", "", "选项的用法不对，请核对它是否要带值"),
    ("BadArgumentUsage", "", "参数的个数不对"),
    ("UsageError", "No such command", "没有这个命令"),
    ("UsageError", "Got unexpected extra argument", "参数多了"),
    ("UsageError", "", "命令的用法不对"),
)


class Commands(TyperGroup):
    """The commands of the product; a mistake in calling one is told in Chinese first."""

    def make_context(self, *args: Any, **more: Any) -> Any:
        """Read the words before the first command."""
        rich_utils.highlighter = _Folding()
        with _told_in_chinese():
            return super().make_context(*args, **more)

    def invoke(self, ctx: Any) -> Any:
        """Read the rest of the words, and run."""
        with _told_in_chinese():
            return super().invoke(ctx)


class _Folding(rich_utils.OptionHighlighter):
    """Typer's highlighter, through which every help text goes: none is cut at the table's edge.

    A Chinese sentence has no spaces to break at, so a narrow terminal got its beginning and "…".
    """

    def __call__(self, text: str | Text) -> Text:
        """Return the text, which breaks anywhere."""
        told = super().__call__(text)
        told.overflow = "fold"
        return told


@contextmanager
def _told_in_chinese() -> Iterator[None]:
    try:
        yield
    except typer.TyperException as error:
        remedy = in_chinese(error)
        if not remedy:  # the help of a group that was called without a command, for one
            raise
        path = getattr(getattr(error, "ctx", None), "command_path", "sanzao")
        err.print(
            f"错误 / error: {remedy}，用法见 {path} --help。{error.format_message()}",
            style="red", markup=False,
        )  # fmt: skip
        raise typer.Exit(USAGE) from error


def in_chinese(error: typer.TyperException) -> str:
    """Return what is to be corrected, or "" for an error that is none of usage.

    >>> in_chinese(typer.BadParameter("7 月"))
    '参数或选项的值不能用'
    """
    kind, told = type(error).__name__, error.format_message()
    return next(
        (words for name, start, words in _WORDS if name == kind and told.startswith(start)), ""
    )
