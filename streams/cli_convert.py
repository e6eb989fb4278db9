"""How does a bureau's 双公示 file become events that can be published as they are?"""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from detectors import events as e
from streams.double_publicity import FileKind, Refused, UnreadableFileError, converted

err = Console(stderr=True, highlight=False, soft_wrap=True)
USAGE = 2


def convert(
    file: Annotated[Path, typer.Argument(help="双公示 CSV 文件（UTF-8 或 GBK）")],
    kind: Annotated[FileKind, typer.Option(help="行政处罚 penalty，或行政许可 licence")],
    source: Annotated[
        str, typer.Option(help="来源 URN，默认 urn:shuanggongshi:penalty 或 :licence")
    ] = "",
    domain: Annotated[
        str, typer.Option(help="依据与事由都认不出领域时所用的领域代码，默认处罚 CASE、许可 REG")
    ] = "",
) -> None:
    """转换双公示文件为事件，写到标准输出；不能转换的行连同原因写到标准错误。CSV to events."""
    source = source or f"urn:shuanggongshi:{kind.value}"
    domain = domain or {FileKind.PENALTY: "CASE", FileKind.LICENCE: "REG"}[kind]
    made = refused = 0
    try:
        for one in converted(file.read_bytes(), kind, source=source, domain=domain):
            if isinstance(one, Refused):
                refused += 1
                err.print(f"{file}: line {one.line}: {one.reason}", style="yellow", markup=False)
            else:
                made += 1
                sys.stdout.buffer.write(e.encode(one) + b"\n")
    except (OSError, UnreadableFileError) as error:
        err.print(f"错误 / error: {file}: {error}", style="red", markup=False)
        raise typer.Exit(USAGE) from error
    err.print(f"converted={made} refused={refused} source={source}", markup=False)
