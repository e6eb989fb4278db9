"""How does a bureau's 双公示 file become events that can be published as they are?"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from detectors import events as e
from streams.double_publicity import FileKind, Refused, UnreadableFileError, converted
from streams.terminal import USAGE, err, told_plainly


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
    with told_plainly():
        for one in _read(file, kind, source=source, domain=domain):
            if isinstance(one, Refused):
                refused += 1
                err.print(
                    f"{file}: 第{one.line}行 line {one.line}: {one.reason}",
                    style="yellow",
                    markup=False,
                )
            else:
                made += 1
                sys.stdout.buffer.write(e.encode(one) + b"\n")
    err.print(f"converted={made} refused={refused} source={source}", markup=False)
    if refused and not made:
        err.print("没有一行能转换，请核对是否选对了文件和 --kind", style="red")
        raise typer.Exit(USAGE)


def _read(file: Path, kind: FileKind, *, source: str, domain: str) -> Iterator[e.Event | Refused]:
    """Yield what a file becomes; what is wrong with the whole of it names the file."""
    try:
        yield from converted(file.read_bytes(), kind, source=source, domain=domain)
    except UnreadableFileError as error:
        raise UnreadableFileError(f"{file}: {error}") from error
