"""`holdfast doctor`: is everything in order?"""

from __future__ import annotations

import click

from holdfast.cli.options import Verb, output_options, workspace_option
from holdfast.cli.saying import Said, tell

__all__ = ["verb"]


@click.command("doctor", cls=Verb)
@click.option(
    "--mend", is_flag=True, help="Do what needs no decision: sweep, join small files, bring the timelines up to date."
)
@click.option("--rebuild", is_flag=True, help="Throw the timelines away and build them again from the lake.")
@output_options
@workspace_option
def verb(workspace: str, mend: bool, rebuild: bool, json: bool, csv: str | None) -> int:
    """Look the workspace over: what is broken, what is worth knowing, what to do. Exit 1 when something is broken."""
    from holdfast.workspace import Workspace

    opened = Workspace.open(workspace)
    if rebuild:
        opened.rebuild()
    findings = opened.mend() if mend else opened.doctor()
    broken = sum(one.grade == "broken" for one in findings)
    words = (
        f"{len(findings)} finding{'' if len(findings) == 1 else 's'}, {broken} of them broken."
        if findings
        else "Everything is in order."
    )
    rows = [[one.grade, one.name, one.what, one.mend] for one in findings]
    tell(Said({"name": "Doctor", "mend": mend}, words, ("grade", "name", "what", "mend"), rows), json=json, csv=csv)
    return 1 if broken else 0
