"""holdfast.toml: reading it with clear errors, writing it with its comments kept.

SETTINGS is the one list of what may stand in it. The table `[import]` holds what `holdfast import` was told or confirmed; it is
passed through as it is.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.errors import SettingsError, UnknownName
from holdfast.settings import COSTS, PROFILE_FIELDS, STAGES, Contract, Settings

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

__all__ = [
    "CURRENCIES",
    "SETTINGS",
    "Setting",
    "import_options",
    "read_settings",
    "settings_of",
    "write_import_options",
    "write_settings",
]


@dataclass(frozen=True)
class Setting:
    """One setting: its name in holdfast.toml, its default (None: not set) and what it means, in one line."""

    name: str
    default: Any
    help: str


_HELP = {
    "name": "the business, for titles",
    "zone": "IANA time zone of every local date, as Europe/London",
    "currency": "ISO 4217 code that all money is counted in",
    "week_start": "first day of the week, 1 (Monday) to 7 (Sunday)",
    "base": '"activity" (shops) or "contract" (subscriptions): who counts as a customer at an instant',
    "active": "names of the events that count as activity; empty: orders",
    "gone_after": "days without a counting event after which a customer counts as gone; not set: suggested from the data",
    "contract": "tables start and end: the events that start and end a contract (base contract)",
    "unsubscribe": "events by which a customer says that she leaves; told apart from silence among the lost",
    "complaints": "events, or patterns of names, by which a customer says that something is wrong",
    "refunds": '"order": a refund reduces its order, in the order\'s period; "ledger": it counts at its own date',
    "margin": "share of revenue that is profit, 0 to 1; not set: money is revenue, and answers say so",
    "properties": "properties kept in the timelines for breakdowns; empty: chosen from the data",
    "small_group": "groups under this number of customers are marked",
    "industry": "row of the benchmark table shown beside own values",
    "goal": "the monthly retention rate aimed at, 0 to 1; not set: 90 %, as the trade says",
    "initiatives": "table of date and what was done then, marked on cohort grids and compared before and after",
    "stages": "table of stage and event names or patterns that come before the default stage map; none: says nothing",
    "stages_reviewed": "date on which the stage map was last looked over, as 2024-09-01; not set: never",
    "rates": "table of currency code and value of one unit in `currency`, for events in other currencies",
    "costs": "table of acquiring and keeping (money a month) and contact (money of one contact with support)",
    "personas": "a table per persona of what no data hold: name, goals, challenges, interests, values, sources, …",
}

SETTINGS = tuple(Setting(each.name, getattr(Settings(), each.name), _HELP[each.name]) for each in fields(Settings))
"""Every setting, in the order of the file."""

_OPTIONAL = frozenset(setting.name for setting in SETTINGS if setting.default is None)

_TABLES = {
    "initiatives": '"2024-09-01" = "new loyalty programme"',
    "stages": 'evaluation = ["Quote *"]',
    "rates": "USD = 0.92",
    "costs": "acquiring = 12000\n# keeping = 3000\n# contact = 4.5",
    "personas": '"repeat buyer" = { goals = "a full pantry" }',
}
"""Settings that are tables, with a line of each."""

IMPORT = "import"

_CODES = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP
CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD
JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN
NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL
THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG
"""

CURRENCIES = frozenset(_CODES.split())
"""Active codes of ISO 4217 (list one, 2024), without funds, metals and test codes."""


def read_settings(path: Path | str) -> Settings:
    """The settings in the file. SettingsError names the key, what is wrong and the mend."""
    return settings_of({key: value for key, value in _read(Path(path)).items() if key != IMPORT})


def import_options(path: Path | str) -> dict[str, Any]:
    """The table `[import]` of the file, as it is; empty when there is none."""
    options = _read(Path(path)).get(IMPORT, {})
    if not isinstance(options, dict):
        raise SettingsError("import is a table", 'write it as [import] with lines such as dates = "dmy"')
    return options


def settings_of(values: Mapping[str, Any], base: Settings | None = None) -> Settings:
    """Settings of plain values, as a TOML file or a form gives them; SettingsError when one is impossible.

    base  what holds where no value is given (default: the defaults); None as a value unsets an optional setting
    """
    checked: dict[str, Any] = {}
    for key, value in values.items():
        if key not in _CHECKS:
            unknown = UnknownName("setting", key, [*_CHECKS, IMPORT])
            raise SettingsError(f"holdfast.toml: {unknown.what}", unknown.mend)
        unset = value is None and key in _OPTIONAL
        checked[key] = None if unset else _CHECKS[key](key, _plain(value))
    return replace(base or Settings(), **checked)


def write_settings(path: Path | str, settings: Settings) -> None:
    """Write the settings; what stands in the file already, comments included, stays except for the values that differ."""
    import tomlkit

    path = Path(path)
    if not path.exists():
        _replace(path, _fresh(settings))
        return
    document = tomlkit.parse(_unset(path.read_text("utf-8"), settings))
    for setting in SETTINGS:
        _put(document, setting, _plain(getattr(settings, setting.name)))
    _replace(path, tomlkit.dumps(document))


def write_import_options(path: Path | str, options: Mapping[str, Any]) -> None:
    """Write the table `[import]`, and leave the rest of the file as it is."""
    import tomlkit

    path = Path(path)
    document = tomlkit.parse(path.read_text("utf-8"))
    document[IMPORT] = dict(options)
    _replace(path, tomlkit.dumps(document))


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError as missing:
        raise SettingsError(f"there is no {path}", "make a workspace with: holdfast init") from missing
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as damage:
        raise SettingsError(
            f"{path} is no TOML: {damage}", "mend the line, or move the file away and run: holdfast init"
        ) from damage


def _fresh(settings: Settings) -> str:
    """A new file: each setting with its help above it, unset ones as a comment; tables last, as TOML wants it."""

    lines = ["# What this business means by its numbers. Reference: docs/reference/settings.md", ""]
    ordered = sorted(SETTINGS, key=lambda each: each.name in _TABLES or isinstance(_plain(getattr(settings, each.name)), dict))
    for setting in ordered:
        value = _plain(getattr(settings, setting.name))
        lines.append(f"# {setting.help}")
        lines.append(_line(setting, value))
        lines.append("")
    return "\n".join(lines)


def _line(setting: Setting, value: Any) -> str:
    """One setting as it stands in a new file; a table without rows as a comment that shows how to write one."""
    import tomlkit

    if value is None:
        return f"# {setting.name} ="
    if value == [] and setting.name in _TABLES:
        return f"# [{setting.name}]\n# {_TABLES[setting.name]}"
    return tomlkit.dumps({setting.name: value}).rstrip()


def _unset(text: str, settings: Settings) -> str:
    """The text with optional settings put where their comment stands, and made a comment where they are not set any more."""
    for setting in SETTINGS:
        value = getattr(settings, setting.name)
        if setting.default is None and value is None:
            text = re.sub(rf"(?m)^{setting.name}\s*=.*$", f"# {setting.name} =", text)
        elif setting.default is None and not re.search(rf"(?m)^{setting.name}\s*=", text):
            text = re.sub(rf"(?m)^#\s*{setting.name}\s*=.*$", f"{setting.name} = {value}", text, count=1)
    return text


def _put(document: TOMLDocument, setting: Setting, value: Any) -> None:
    import tomlkit

    before = document.unwrap().get(setting.name)
    if value is None or before == value or (before is None and value == _plain(setting.default)):
        return
    if isinstance(value, dict) and not isinstance(before, dict):
        inline = tomlkit.inline_table()
        inline.update(value)
        document[setting.name] = inline
    else:
        document[setting.name] = value


def _plain(value: Any) -> Any:
    """A setting as TOML holds it."""
    if isinstance(value, Contract):
        return {"start": list(value.start), "end": list(value.end)}
    if isinstance(value, tuple):
        if value and isinstance(value[0], tuple):
            return {key: _plain(one) for key, one in value}
        return list(value)
    return value


def _replace(path: Path, text: str) -> None:
    """Write whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text, "utf-8")
    draft.replace(path)


Check = Callable[[str, Any], Any]


def _wrong(key: str, value: Any, mend: str) -> SettingsError:
    return SettingsError(f"{key} = {value!r} is impossible in holdfast.toml", mend)


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _wrong(key, value, f'write text in quotes: {key} = "…"')
    return value


def _names(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise _wrong(key, value, f'write a list of texts: {key} = ["…", "…"]')
    return tuple(value)


@cache
def _zones() -> frozenset[str]:
    """Every zone that is known; listing them walks a folder of 600 files, so once a process."""
    from zoneinfo import available_timezones

    return frozenset(available_timezones())


def _zone(key: str, value: Any) -> str:
    if value not in _zones():
        raise _wrong(key, value, UnknownName("zone", str(value), _zones()).mend)
    return str(value)


def _currency(key: str, value: Any) -> str:
    if value not in CURRENCIES:
        near = UnknownName("currency", str(value).upper(), CURRENCIES).mend
        raise _wrong(key, value, f"write an ISO 4217 code such as EUR, GBP or USD; {near}")
    return str(value)


def _one_of(*choices: str) -> Check:
    def check(key: str, value: Any) -> str:
        if value not in choices:
            raise _wrong(key, value, f"choose {' or '.join(choices)}")
        return str(value)

    return check


def _whole(low: int, high: int, meaning: str) -> Check:
    def check(key: str, value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise _wrong(key, value, f"write {meaning}")
        return value

    return check


def _share_of(whole: str) -> Check:
    def check(key: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise _wrong(key, value, f"write a share of {whole} between 0 and 1, as 0.35")
        return float(value)

    return check


def _contract(key: str, value: Any) -> Contract:
    if not isinstance(value, dict) or set(value) - {"start", "end"}:
        raise _wrong(key, value, "write [contract] with the lists start and end")
    default = Contract()
    return Contract(
        _names("contract.start", value.get("start", list(default.start))),
        _names("contract.end", value.get("end", list(default.end))),
    )


def _initiatives(key: str, value: Any) -> tuple[tuple[str, str], ...]:
    if value == []:
        return ()
    if not isinstance(value, dict):
        raise _wrong(key, value, 'write [initiatives] with a line for each, as "2024-09-01" = "new loyalty programme"')
    for when, what in value.items():
        try:
            date.fromisoformat(when)
        except ValueError as error:
            raise _wrong(f"{key}.{when}", what, 'write the date as "2024-09-01"') from error
        _text(f"{key}.{when}", what)
    return tuple(sorted(value.items()))


def _stages(key: str, value: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if value == []:
        return ()
    if not isinstance(value, dict):
        raise _wrong(key, value, 'write [stages] with a line for each stage, as evaluation = ["Quote *"]')
    named = {name.replace(" ", "_"): name for name in (*STAGES, "none")}
    found = {}
    for stage, events in value.items():
        plain = stage.replace(" ", "_")
        if plain not in named:
            raise _wrong(f"{key}.{stage}", events, UnknownName("stage", stage, named).mend)
        found[named[plain]] = _names(f"{key}.{stage}", events)
    return tuple(found.items())


def _day(key: str, value: Any) -> str:
    try:
        return (value if isinstance(value, date) else date.fromisoformat(value)).isoformat()
    except (TypeError, ValueError) as error:
        raise _wrong(key, value, f'write a date: {key} = "2024-09-01"') from error


def _rates(key: str, value: Any) -> tuple[tuple[str, float], ...]:
    if value == []:
        return ()
    if not isinstance(value, dict):
        raise _wrong(key, value, "write [rates] with a line for each currency, as USD = 0.92")
    for code, rate in value.items():
        _currency(f"{key}.{code}", code)
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate < float("inf"):
            raise _wrong(f"{key}.{code}", rate, "write what one unit is worth, a number above 0")
    return tuple(sorted((code, float(rate)) for code, rate in value.items()))


def _costs(key: str, value: Any) -> tuple[tuple[str, float], ...]:
    if value == []:
        return ()
    if not isinstance(value, dict):
        raise _wrong(key, value, "write [costs] with lines such as acquiring = 12000")
    for name, amount in value.items():
        if name not in COSTS:
            raise _wrong(f"{key}.{name}", amount, UnknownName("cost", name, COSTS).mend)
        if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 <= amount < float("inf"):
            raise _wrong(f"{key}.{name}", amount, "write an amount of money, 0 or more")
    return tuple((name, float(value[name])) for name in COSTS if name in value)


def _told(key: str, value: Any) -> str:
    return "; ".join(_names(key, value)) if isinstance(value, list) else _text(key, value)


def _personas(key: str, value: Any) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Each persona's fields in the order of the card; a list of texts is one text."""
    if value == []:
        return ()
    if not isinstance(value, dict) or not all(isinstance(fields, dict) for fields in value.values()):
        raise _wrong(key, value, 'write a table for each, as [personas."repeat buyer"] with lines such as goals = "…"')
    found = []
    for name, written in sorted(value.items()):
        for each in written:
            if each not in PROFILE_FIELDS:
                raise SettingsError(
                    f"holdfast.toml: personas.{name} has no field {each}", f"choose of {', '.join(PROFILE_FIELDS)}"
                )
        texts = {each: _told(f"personas.{name}.{each}", text) for each, text in written.items()}
        found.append((name, tuple((each, texts[each]) for each in PROFILE_FIELDS if each in texts)))
    return tuple(found)


_CHECKS: dict[str, Check] = {
    "name": _text,
    "zone": _zone,
    "currency": _currency,
    "week_start": _whole(1, 7, "1 (Monday) to 7 (Sunday)"),
    "base": _one_of("activity", "contract"),
    "active": _names,
    "gone_after": _whole(1, 36_500, "a number of days, as 90"),
    "contract": _contract,
    "unsubscribe": _names,
    "complaints": _names,
    "refunds": _one_of("order", "ledger"),
    "margin": _share_of("revenue"),
    "properties": _names,
    "small_group": _whole(1, 1_000_000, "a number of customers, as 30"),
    "industry": _text,
    "goal": _share_of("customers"),
    "initiatives": _initiatives,
    "stages": _stages,
    "stages_reviewed": _day,
    "rates": _rates,
    "costs": _costs,
    "personas": _personas,
}
