"""The answer in words: what the mail did, whom to mail, and what to keep in mind.

Here "because of" may stand: the arms were drawn at random, and control says what would have happened anyway. Where the sizes
of the arms, or what was known before, say that they were not, it is "together with", and the words begin with the doubt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from holdfast.analyses.definitions import counted
from holdfast.analyses.uplift.effects import Effect
from holdfast.analyses.uplift.learners import RESPONSE
from holdfast.analyses.uplift.study import ALPHA, LEAST_TO_RANK, Advice, Group, Rule, Study, rankable
from holdfast.analyses.uplift.trial import CONTROL, Outcome

if TYPE_CHECKING:
    from holdfast.analyses.uplift.policy import Earning

__all__ = ["Wording", "notes", "words"]

MOST_OUTCOMES = 3


@dataclass(frozen=True)
class Wording:
    """How amounts are written.

    unit    what is earned: a currency, or the outcome where it is no money · margin, cost  as chosen · small  small groups
    taken   an outcome that was taken for money without being told; empty: none
    """

    unit: str
    margin: float | None
    cost: float
    money: bool
    small: int
    taken: str = ""


def words(study: Study, wording: Wording) -> str:
    """The answer, in two or three sentences."""
    doubt = _doubt(study)
    chosen = _chosen(study)
    if chosen is None:
        return doubt + f"Too few customers: {_sizes(study)}. " + _did(study, 1)
    return f"{doubt}{_advised(study, chosen, wording)} {_did(study, chosen.arm)}"


def _doubt(study: Study) -> str:
    """Why the arms may not have been drawn by chance alone; empty where nothing speaks against it."""
    if study.ratio.broken:
        sizes = ", ".join(f"{arm} {n:,}" for arm, n in zip(study.trial.arms, study.ratio.counts, strict=True))
        return (
            f"Do not trust this trial: chance makes arms of such sizes ({sizes}) less than once in 1,000 draws, so that "
            "something sorted the customers. What it would say: "
        )
    if not study.moved:
        return ""
    names = ", ".join(study.moved[:MOST_OUTCOMES])
    if study.trial.before:
        return (
            f"Do not trust this trial: the arms were not alike before the mail ({names}), so that something sorted the "
            "customers. What it would say: "
        )
    return (
        f"Take care: the arms differ more than chance allows in {names}. If that came after the mail, all is well; if it was "
        "known before, the mail was not drawn at random. What the trial says: "
    )


def _sizes(study: Study) -> str:
    return ", ".join(f"{n:,} {arm}" for arm, n in zip(study.trial.arms, study.trial.counts.tolist(), strict=True))


def _chosen(study: Study) -> Advice | None:
    """The advice that earns most, of those that mail somebody; else the mail that comes nearest to paying."""
    mails = [one for one in study.advice if one.verdict in ("everyone", "target")]
    if mails:
        return max(mails, key=lambda one: one.rule.net.net)
    return max(study.advice, key=lambda one: (one.verdict == "open", _everyone(study, one.arm).net), default=None)


def _everyone(study: Study, arm: int) -> Earning:
    return next(one.net for one in study.rules if one.arm == arm and one.name == "everyone")


def _advised(study: Study, advice: Advice, wording: Wording) -> str:
    arm, everyone = study.trial.arms[advice.arm], _everyone(study, advice.arm)
    if advice.verdict == "everyone":
        return f"Mail everyone ({arm}): {_earns(everyone, wording)}. {_choosing(study, advice.arm, wording)}".strip()
    best, tried = _best(study, advice.arm)
    ways = f"the best of {tried} ways to choose customers" if tried > 1 else "choosing customers"
    if advice.verdict == "nobody":
        also = f"; {ways} earns {_amount(best.net, wording)}, which is not surely a gain" if best else ""
        return f"Mail nobody: mailing everyone ({arm}) {_earns(everyone, wording, 'earns')}{also}."
    if advice.verdict == "target":
        rule = advice.rule
        return (
            f"Mail the {100 * rule.share:.0f} % that “{rule.name}” puts first ({arm}): {_earns(rule.net, wording)}, "
            f"{_amount(rule.over, wording)} more than mailing everyone."
        )
    luck = ", which may be luck" if best and best.net.low > 0 else ""
    also = f", {ways} {_amount(best.net, wording)}{luck}" if best else ""
    return (
        f"It cannot be told whether the mail ({arm}) pays: mailing everyone {_earns(everyone, wording, 'earns')}{also}; "
        "a larger trial would tell."
    )


def _best(study: Study, arm: int) -> tuple[Rule | None, int]:
    """Of the rules that mail some of the customers the one that earned most, and how many rules were tried."""
    tried = [one for one in study.rules if one.arm == arm and one.ranked is not None]
    return max((one for one in tried if one.share < 1), key=lambda one: one.net.net, default=None), len(tried)


def _choosing(study: Study, arm: int, wording: Wording) -> str:
    """What the best rule of targeting makes of it, where everyone is to be mailed."""
    best, tried = _best(study, arm)
    if not tried:
        return ""
    if best is None:
        ways = f"none of {tried} ways tried leaves anybody out" if tried > 1 else "the way tried leaves nobody out"
        return f"Choosing whom to mail earns no more: {ways}."
    ways = f"the best of {tried} ways" if tried > 1 else "the one way"
    luck = ", which may be luck" if best.over.low > 0 else ""
    return (
        f"Choosing whom to mail is not sure to earn more: {ways} tried, the {100 * best.share:.0f} % that “{best.name}” "
        f"puts first, makes a difference of {_amount(best.over, wording)}{luck}."
    )


def _earns(earning: Earning, wording: Wording, verb: str = "it earns") -> str:
    if not wording.money:
        more = f"{_amount(earning, wording)} per 1,000 customers ({wording.unit})"
        return f"{verb.replace('earns', 'adds')} {more}"
    at = "" if wording.margin is None else f" at a margin of {100 * wording.margin:g} %"
    price = f"{' and' if at else ' at'} {wording.cost:g} a mail" if wording.cost else ""
    currency = f" {wording.unit}" if wording.unit else ""
    return f"{verb} {_amount(earning, wording)}{currency} a customer{at}{price}"


def _amount(earning: Earning, wording: Wording) -> str:
    net, low, high = earning.net, earning.low, earning.high
    if wording.money:
        return _signed(f"{net:z.2f} ({low:z.2f} to {high:z.2f})")
    return _signed(f"{1000 * net:z.1f} ({1000 * low:z.1f} to {1000 * high:z.1f})")


def _did(study: Study, arm: int) -> str:
    """What the mail did: the effect of one arm on the first outcomes."""
    name = study.trial.arms[arm]
    found = [(outcome, effect) for one, outcome, effect in study.effects if one == name][:MOST_OUTCOMES]
    told = ", ".join(_effect(outcome, effect) for outcome, effect in found)
    n, control = (int(study.trial.counts[code]) for code in (arm, CONTROL))
    said = "Together with" if _doubt(study) else "Because of"
    return f"{said} {name}, against {study.trial.arms[CONTROL]} ({n:,} and {control:,} customers): {told}."


def _effect(outcome: Outcome, effect: Effect) -> str:
    if effect.effect is None or effect.low is None or effect.high is None:
        return f"{outcome.name} not known"
    if outcome.kind == "share":
        said = f"{100 * effect.effect:+.2f} points ({100 * effect.low:.2f} to {100 * effect.high:.2f})"
    else:
        said = f"{effect.effect:+.2f} ({effect.low:.2f} to {effect.high:.2f})"
    return f"{outcome.name} {_signed(said)}"


def _signed(text: str) -> str:
    return text.replace("-", "−")


def notes(study: Study, wording: Wording) -> tuple[str, ...]:
    """What to keep in mind."""
    trial = study.trial
    out = [f"left out, {reason}: {counted(rows, 'row')}" for reason, rows in trial.left_out]
    out += trial.notes
    out.append(_ratio_said(study))
    if study.balance:
        out.append(_balance_said(study))
    out += _unranked(study)
    out += _others(study, wording)
    out += _rankings_said(study)
    out += _lost_said(study)
    few = [arm for arm, n in zip(trial.arms, trial.counts.tolist(), strict=True) if n < wording.small]
    if few:
        out.append(f"fewer than {wording.small} customers, read with care: {', '.join(few)}")
    if wording.taken:
        out.append(f"{wording.taken} is taken for money: “value” names another outcome, “worth” says what one of it is worth")
    if wording.money and not wording.cost:
        out.append("a mail is taken to cost nothing: “cost” says what one costs")
    if not wording.money:
        out.append(
            f"to pay means here to add anything: “worth” says what one of {wording.unit} is worth, “cost” what a mail costs"
        )
    if wording.money and wording.margin is None:
        out.append("money is revenue, not profit: “margin” says which share of it is profit")
    return tuple(out)


def _ratio_said(study: Study) -> str:
    p = study.ratio.p
    if study.ratio.broken:
        chi = study.ratio.chi_square
        return f"the sizes of the arms are not those of the draw (chi-square {chi:.1f}, p {p:.2g}): find out why"
    return f"the arms are as large as they were meant to be (p {p:.2f})"


def _balance_said(study: Study) -> str:
    known = [row for row in study.balance if row["difference"] is not None and row["feature"] not in study.moved]
    if not known:
        return "nothing is left to see whether the arms were alike before"
    most = max(known, key=lambda row: abs(row["difference"]))
    apart = [row for row in known if row["p"] < ALPHA]
    said = "were not alike" if apart else "were as alike as chance makes them"
    where = f"{most['column']}, {most['arm']}"
    when = "in all other columns" if study.moved else "before the mail"
    return f"{when} the arms {said}: the largest standardised difference is {abs(most['difference']):.3f} ({where})"


def _unranked(study: Study) -> list[str]:
    trial = study.trial
    arms = [trial.arms[arm] for arm in range(1, len(trial.arms)) if not rankable(trial, arm)]
    if not arms:
        return []
    if not trial.features:
        return ["nothing that can be used is known of the customers from before the mail, so that nobody can be ranked"]
    return [f"nobody is ranked by {', '.join(arms)}: that needs {LEAST_TO_RANK} customers there and in control"]


def _others(study: Study, wording: Wording) -> list[str]:
    chosen, out = _chosen(study), []
    for one in study.advice:
        if one is chosen:
            continue
        everyone = _earns(_everyone(study, one.arm), wording, "mailing everyone earns")
        said = {"everyone": "pays for everyone", "nobody": "should go to nobody", "open": "cannot be told to pay",
                "target": f"pays for the {100 * one.rule.share:.0f} % that “{one.rule.name}” puts first"}  # fmt: skip
        out.append(f"{study.trial.arms[one.arm]} {said[one.verdict]}: {everyone}")
    return out


def _rankings_said(study: Study) -> list[str]:
    out = []
    for arm in dict.fromkeys(one.arm for one in study.ranked):
        name = study.trial.arms[arm]
        own = [one for one in study.ranked if one.arm == arm and one.learner != RESPONSE]
        best = {one.outcome: one for one in sorted(own, key=lambda one: one.qini) if one.sways}
        if not best:
            out.append(f"{name}: no ranking of who would be swayed beats chance")
        for one in best.values():
            beats = one.over_low is not None and one.over_low > 0
            more = "more than" if beats else "not surely more than"
            said = f"Qini × 1,000 per head {1000 * one.qini:.2f} ({1000 * one.low:.2f} to {1000 * one.high:.2f})"
            out.append(f"{name}, {one.outcome}: {one.learner} ranks better than chance, {said}, {more} the response model")
    return out


def _lost_said(study: Study) -> list[str]:
    lost = [one for one in study.groups if one.lost]
    if not lost:
        return ["no tenth of the customers is lost by mailing, beyond chance"] if study.groups else []
    return [
        f"lost by mailing: tenth {one.decile} of {study.trial.arms[one.arm]} by {one.outcome} ({_tenth(study, one)})"
        for one in lost
    ]


def _tenth(study: Study, group: Group) -> str:
    return _effect(study.trial.outcome(group.outcome), group.effect)
