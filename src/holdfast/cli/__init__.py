"""The command line: `holdfast VERB …`, one verb a file, each loaded when it is called.

Exit codes: 0 done (refusals are counted and said), 1 failed (with --strict also when a row was refused), 2 usage.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

import click

from holdfast.cli.failing import told_failure
from holdfast.cli.lean import start_lean

__all__ = ["VERBS", "Verbs", "main", "program"]

VERBS: dict[str, tuple[str, str]] = {
    "demo": ("demo", "A real shop's year, read in and answered; try this first."),
    "init": ("init", "Make a folder a workspace: zone, currency, what counts."),
    "import": ("import_", "Read a file of orders or events in: CSV, Excel, JSON lines, Parquet."),
    "metrics": ("metrics", "Do our customers stay? Retention, churn, frequency, order value."),
    "bridge": ("bridge", "Start + new + returned − lost = end, month by month."),
    "lifecycle": ("lifecycle", "Who was new, kept, returned and lost in each period?"),
    "stages": ("stages", "How far do customers come on the way to loyalty, and where do they fall out?"),
    "losses": ("losses", "Why were customers lost: lapse, unsubscribed, contract end, and the reason given."),
    "cohorts": ("cohorts", "Of those who came together, who is still buying?"),
    "repeat": ("repeat", "Who orders a second time, and how soon?"),
    "orders": ("orders", "How often, how much, and how long between orders?"),
    "baskets": ("baskets", "What is in first and later orders, and how much of it is premium?"),
    "rfm": ("rfm", "Recency, frequency, money: eleven segments and what to do with each."),
    "personas": ("personas", "Which of six kinds is everybody: from bouncer to repeat buyer?"),
    "clusters": ("clusters", "Which kinds of customer do the data show by themselves?"),
    "migration": ("migration", "Who moved between RFM segments from one date to another?"),
    "money": ("money", "Money retention: net, gross, and the quick ratio."),
    "value": ("value", "What is each customer worth from now on, and who of them may be gone?"),
    "costs": ("costs", "What does winning a customer cost, and what keeping one?"),
    "referred": ("referred", "Do customers whom others brought stay longer and bring more?"),
    "service": ("service", "Do new customers need more support than existing ones?"),
    "whatif": ("whatif", "What would one point more retention do to customers and revenue?"),
    "holdout": ("holdout", "How well does the model of buying foretell this shop, beside the plain rate?"),
    "concentration": ("concentration", "Which share of the revenue do the best customers bring?"),
    "attention": ("attention", "Who needs attention now, and how much is at stake?"),
    "risk": ("risk", "Who is about to leave, how surely, and what goes together with it?"),
    "next": ("next_order", "When is each customer expected again, and whose silence is unusual?"),
    "again": ("again", "Where one buys at most once a year or month: who will again?"),
    "slipping": ("slipping", "Who comes less often than she used to, and says nothing?"),
    "taste": ("taste", "What do customers like, when do they come, when is the next order due?"),
    "recommend": ("recommend", "What would each customer like next, and what goes together?"),
    "stickiness": ("stickiness", "Of those active in a month, how many are active on a day?"),
    "drivers": ("drivers", "What do those who stay do in their first days?"),
    "activation": ("activation", "How soon do customers reach what they came for?"),
    "breadth": ("breadth", "How many features do customers use, and do those who use more stay?"),
    "adoption": ("adoption", "Who uses which platform or feature, and since when?"),
    "sessions": ("sessions", "Where do visits begin, and on which pages do they end at once?"),
    "paths": ("paths", "Where do people go from a step, what leads to one, what lies between?"),
    "transitions": ("transitions", "Which step follows which, how surely and how fast?"),
    "funnel": ("funnel", "Of those who began, how many went on, step by step?"),
    "abandonment": ("abandonment", "Carts and checkouts left behind: how many, where, and whose?"),
    "one-year": ("one_year", "How many still buy a year after their first order?"),
    "survival": ("survival", "How long do customers stay, and who leaves sooner?"),
    "initiative": ("initiative", "Did the cohorts after a date stay differently from those before?"),
    "gone-after": ("gone_after", "After how many days is a customer gone? A suggestion from your data."),
    "uplift": ("uplift", "Who would be swayed by a mail, and does choosing pay? From a trial drawn at random."),
    "rate": ("rate", "The retention or churn rate of three figures of your own."),
    "traits": ("traits", "Everything that is known of each customer, as one table."),
    "customers": ("customers", "Find customers; with an id: that customer's timeline."),
    "report": ("report", "Everything in one HTML file that opens offline."),
    "serve": ("serve", "The workspace in the browser, and the place where its events arrive."),
    "backup": ("backup", "Everything that cannot be rebuilt, in one file, also while the server runs."),
    "restore": ("restore", "A backup becomes a workspace again."),
    "sql": ("sql", "Ask the events anything, in SQL, read-only."),
    "refusals": ("refusals", "Rows that could not be used: list, export, replay."),
    "erase": ("erase", "Remove customers and all they did."),
    "user": ("users", "Who may sign in: list, add, change a role, one-time link, reset who is locked out."),
    "doctor": ("doctor", "Is everything in order? Findings, each with its mend."),
}
"""Verb → (file in this folder, one line of help)."""


class Verbs(click.Group):
    """The group of all verbs; a verb's file is imported when the verb is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All verbs, in the order of a newcomer's questions."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The verb of that name."""
        if cmd_name not in VERBS:
            return None
        module = import_module(f"holdfast.cli.{VERBS[cmd_name][0]}")
        found: click.Command = module.verb
        return found

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb meant by the arguments; an unknown one is answered with the nearest that exist."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            from holdfast.errors import UnknownName

            raise UnknownName("verb", args[0], VERBS)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """The list of verbs in the help, without importing any."""
        with formatter.section("Verbs"):
            formatter.write_dl([(name, line) for name, (_, line) in VERBS.items()])


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-w", "workspace", metavar="DIR", default=None, help="The workspace (default: the current folder).")
@click.version_option(package_name=None, version="0.1.0", prog_name="holdfast")
@click.pass_context
def program(ctx: click.Context, workspace: str | None) -> None:
    """Keeps the customers you have: who stays, who leaves, and why, from your own files."""
    ctx.obj = workspace


def main(args: Sequence[str] | None = None) -> None:
    """Run the program and leave with its exit code; never a traceback for what a user did."""
    if args is None:
        start_lean()
    sys.exit(run(args))


def run(args: Sequence[str] | None = None) -> int:
    """Run the program; the exit code: 0 done, 1 failed, 2 usage."""
    try:
        code = program.main(args=None if args is None else list(args), prog_name="holdfast", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except BaseException as error:
        return told_failure(error)
