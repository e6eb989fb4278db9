"""What can an analyst do with the rules from a terminal?

``streams.cli`` adds the commands as ``sanzao rules ...``.
"""

from pathlib import Path
from typing import Annotated

import typer

from config.load import load_documents, load_scenarios
from detectors.expertise import compiled
from detectors.knowledge_check import parse
from detectors.scenario import failures, parse_scenarios
from streams.terminal import err, out, told_plainly

rules = typer.Typer(help="规则。The rules and their own tests.", no_args_is_help=True)
FAILED = 1


@rules.callback()
def callback() -> None:
    """规则。The rules and their own tests."""


@rules.command("test")
def run_scenarios(
    file: Annotated[
        Path | None, typer.Argument(help="场景文件（YAML）；不写则为知识目录 tests/ 下全部")
    ] = None,
    knowledge: Annotated[Path | None, typer.Option("--knowledge", help="知识目录")] = None,
) -> None:
    """运行规则单元测试：事件场景与应有的预警、类别。Run the rules' scenarios; 1 where one fails."""
    with told_plainly():
        documents = load_scenarios(knowledge, file)
        expertise = compiled(parse(load_documents(knowledge)))
        count, problems = 0, []
        for name, document in documents.items():
            scenarios = parse_scenarios(name, document)
            count += len(scenarios)
            for scenario in scenarios:
                problems += failures(name, scenario, expertise)
    for problem in problems:
        err.print(problem, style="red", markup=False)
    version = expertise.knowledge.version
    out.print(
        f"scenarios={count} failures={len(problems)} knowledge={version}",
        markup=False,
        soft_wrap=True,
    )
    if problems:
        raise typer.Exit(FAILED)
