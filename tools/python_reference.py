"""Writes docs/reference/python.md from the docstrings: python tools/python_reference.py > docs/reference/python.md"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module

HEAD = """# The Python API

Written by the program from its own docstrings (`python tools/python_reference.py`). Start with the [tutorial](../tutorial.md);
what the numbers mean is in [definitions](../definitions.md).
"""

PLACES = (
    ("Timelines: frames and files in, questions asked", "holdfast.timelines.timelines", ("Timelines", "AsOf")),
    ("A workspace: one business in a folder", "holdfast.workspace", ("Workspace",)),
    ("Settings", "holdfast.settings", ("Settings", "Contract")),
    ("Reading files", "holdfast.events.plan", ("plan_import", "ImportPlan")),
    ("", "holdfast.events.reading", ("read_events", "Reading")),
    ("", "holdfast.events.options", ("ImportOptions",)),
    ("Answers", "holdfast.analyses.answer", ("Answer", "Definition", "People")),
    ("Who is asked about", "holdfast.analyses.scope", ("Scope", "Condition", "parse_where")),
    ("Formulas", "holdfast.analyses.rates", ("retention_rate", "churn_rate", "Rate")),
    ("", "holdfast.analyses.scores", ("nps", "csat", "ces", "latest", "Score")),
    ("Models of buying", "holdfast.analyses.models.histories", ("Histories",)),
    ("", "holdfast.analyses.models.fitting", ("Fit",)),
    ("", "holdfast.analyses.models.buying", ("Buying",)),
    ("", "holdfast.analyses.models.coins", ("CoinModel",)),
    ("", "holdfast.analyses.models.bg_nbd", ("BgNbd", "fitted")),
    ("", "holdfast.analyses.models.mbg_nbd", ("MbgNbd", "fitted")),
    ("", "holdfast.analyses.models.pareto_nbd", ("ParetoNbd", "fitted")),
    ("", "holdfast.analyses.models.gamma_gamma", ("GammaGamma", "fitted")),
    ("", "holdfast.analyses.models.bg_bb", ("BgBb", "fitted")),
    ("Models of contracts and of staying", "holdfast.analyses.models.renewals", ("Renewals",)),
    ("", "holdfast.analyses.models.sbg", ("fitted",)),
    ("", "holdfast.analyses.models.bdw", ("fitted",)),
    ("", "holdfast.analyses.models.cox", ("Cox", "fitted")),
    ("Plain tables", "holdfast.analyses.risk", ("risk_of_table",)),
    ("", "holdfast.analyses.uplift", ("uplift_of_table",)),
    ("The lake", "holdfast.events.lake", ("Lake",)),
    ("Data in the package", "holdfast.datasets", ("path", "load", "Note")),
    ("Errors", "holdfast.errors", ("HoldfastError", "UsageError", "UnknownName", "SettingsError")),
    ("", "holdfast.errors", ("InputError", "WorkspaceError", "EngineMissing")),
)  # fmt: skip


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for title, module, names in PLACES:
        if title:
            parts.append(f"## {title}\n")
        parts += [_thing(module, name) for name in names]
    parts.append("## Questions\n\nAsk with `timelines.ask(Question(...))`, or by the workspace's methods.\n")
    parts += [_thing(module, name) for module, name in _questions()]
    return "\n".join(parts)


def _questions() -> Iterator[tuple[str, str]]:
    """Every question of the analyses, by module and name."""
    from holdfast.analyses.answer import Question

    package = import_module("holdfast.analyses")
    for found in sorted(pkgutil.walk_packages(package.__path__, "holdfast.analyses."), key=lambda each: each.name):
        module = import_module(found.name)
        for name, value in sorted(vars(module).items()):
            own = inspect.isclass(value) and value.__module__ == module.__name__
            if own and issubclass(value, Question) and value is not Question and not name.startswith("_"):
                yield module.__name__.removesuffix(".question"), name


def _thing(module: str, name: str) -> str:
    value = getattr(import_module(module), name)
    lines = [f"### `{module}.{name}`\n", "```text", _signature(name, value), "", inspect.getdoc(value) or "", "```", ""]
    if inspect.isclass(value):
        members = [(each, item) for each, item in vars(value).items() if not each.startswith("_")]
        rows = [_row(each, item) for each, item in members if _documented(item)]
        if rows:
            lines += ["| member | what it does |", "|---|---|", *rows, ""]
    return "\n".join(lines)


def _documented(item: object) -> bool:
    plain = item.__func__ if isinstance(item, (classmethod, staticmethod)) else item
    return bool(inspect.isfunction(plain) or isinstance(plain, property) or hasattr(plain, "func")) and bool(
        inspect.getdoc(plain)
    )


def _row(name: str, item: object) -> str:
    plain = item.__func__ if isinstance(item, (classmethod, staticmethod)) else item
    shown = _signature(name, plain) if inspect.isfunction(plain) else name
    first = (inspect.getdoc(plain) or "").split("\n\n")[0].replace("\n", " ").replace("|", "\\|")
    return f"| `{shown}` | {first} |".replace("\\|", "\\|")


def _signature(name: str, value: object) -> str:
    try:
        found = inspect.signature(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return name
    names = [_shown(each) for key, each in found.parameters.items() if key not in ("self", "cls")]
    return f"{name}({', '.join(names)})"


def _shown(parameter: inspect.Parameter) -> str:
    """A parameter with its default; types are in the docstring and in the code."""
    star = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
    if parameter.default is inspect.Parameter.empty:
        return f"{star}{parameter.name}"
    plain = parameter.default is None or isinstance(parameter.default, (str, int, float, bool, tuple))
    return f"{parameter.name}={parameter.default!r}" if plain else f"{parameter.name}=…"


if __name__ == "__main__":
    print(page())
