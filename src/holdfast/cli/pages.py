"""The reference of the command line as Markdown, written by the program itself:

python -m holdfast.cli.pages > docs/reference/cli.md
"""

from __future__ import annotations

from importlib import import_module

import click

from holdfast.cli import VERBS

__all__ = ["reference"]

_HEAD = """# The command line

`holdfast VERB …`; `holdfast VERB --help` says the same as this page, which the program writes itself
(`python -m holdfast.cli.pages`).

The same for every verb:

- `-w DIR` names the workspace; without it, the current folder.
- Exit codes: 0 done (refused rows are counted and said), 1 failed (with `--strict` also when a row was refused), 2 usage.
- `--json` prints `{"question": {…}, "words": "…", "table": {"columns": […], "rows": [[…], …]}, "notes": […]}` and nothing else
  on stdout. `--csv PATH` writes the table into a file, `--csv -` to stdout.
- `--yes` skips the question.
- An option that takes pairs takes several: `--map customer=CustomerID time=InvoiceDate`, up to the next option.
- Colours follow the terminal and `NO_COLOR`; tables follow its width. Errors go to stderr and name the mend.
"""


def reference() -> str:
    """The whole page: every verb with its help, arguments and options."""
    return "\n".join([_HEAD, *(_verb(name, module) for name, (module, _) in VERBS.items())])


def _verb(name: str, module: str) -> str:
    verb = import_module(f"holdfast.cli.{module}").verb
    context = click.Context(verb, info_name=f"holdfast {name}")
    usage = " ".join([f"holdfast {name}", *verb.collect_usage_pieces(context)])
    records = [record for one in verb.params if (record := one.get_help_record(context)) is not None]
    rows = [f"| `{_cell(flag)}` | {_cell(text)} |" for flag, text in records if text]
    help_text = "\n".join(line.strip() for line in (verb.help or "").split("\n"))
    help_text = help_text.rstrip()
    return "\n".join([f"## {name}", "", f"`{usage}`", "", help_text, "", "| option | what it does |", "|---|---|", *rows, ""])


def _cell(text: str) -> str:
    """Text in a cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    click.echo(reference(), nl=False)
