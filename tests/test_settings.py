"""holdfast.toml: what is impossible is said with the nearest real choice; what a person wrote stays."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from holdfast.errors import SettingsError
from holdfast.settings import Contract, Settings
from holdfast.settings_file import (
    CURRENCIES,
    SETTINGS,
    import_options,
    read_settings,
    settings_of,
    write_import_options,
    write_settings,
)

REFERENCE = Path(__file__).parents[1] / "docs" / "reference" / "settings.md"

LONDON = Settings(
    name='Ann\'s "Shop"',
    zone="Europe/London",
    currency="GBP",
    week_start=7,
    active=("Order Completed", "Product Viewed"),
    gone_after=120,
    contract=Contract(("Plan Started",), ("Plan Ended", "Trial Ended")),
    refunds="ledger",
    margin=0.35,
    properties=("country",),
    stages=(("evaluation", ("Quote *",)), ("after purchase", ("Unboxed",)), ("none", ("Chat",))),
    stages_reviewed="2024-09-01",
    rates=(("EUR", 0.85), ("USD", 0.79)),
    costs=(("acquiring", 12_000.0), ("contact", 4.5)),
)


@pytest.mark.parametrize("settings", [Settings(), LONDON, replace(LONDON, base="contract", gone_after=None)])
def test_what_is_written_is_read(tmp_path, settings):
    write_settings(tmp_path / "holdfast.toml", settings)
    assert read_settings(tmp_path / "holdfast.toml") == settings


def test_new_file_holds_every_setting_with_its_help(tmp_path):
    write_settings(tmp_path / "holdfast.toml", Settings())
    text = (tmp_path / "holdfast.toml").read_text()
    for setting in SETTINGS:
        assert f"# {setting.help}\n" in text
        assert f"{setting.name} =" in text or f"[{setting.name}]" in text


OWN = """# Ann's own file
zone = "Europe/London"  # we moved in 2019
currency = "GBP"
# gone_after =

[import]  # from the till
customer = "CustomerID"
"""


def test_comments_order_and_import_table_stay(tmp_path):
    path = tmp_path / "holdfast.toml"
    path.write_text(OWN)
    write_settings(path, replace(read_settings(path), currency="EUR", gone_after=90, rates=(("GBP", 1.15),)))
    text = path.read_text()
    assert text.startswith('# Ann\'s own file\nzone = "Europe/London"  # we moved in 2019\ncurrency = "EUR"\ngone_after = 90\n')
    assert '[import]  # from the till\ncustomer = "CustomerID"\n' in text
    assert read_settings(path) == Settings(zone="Europe/London", currency="EUR", gone_after=90, rates=(("GBP", 1.15),))
    write_settings(path, replace(read_settings(path), gone_after=None))
    assert read_settings(path).gone_after is None
    assert import_options(path) == {"customer": "CustomerID"}


def test_writing_the_same_settings_changes_no_byte(tmp_path):
    path = tmp_path / "holdfast.toml"
    path.write_text(OWN)
    write_settings(path, read_settings(path))
    assert path.read_text() == OWN


def test_import_options_are_kept_as_they_are(tmp_path):
    path = tmp_path / "holdfast.toml"
    write_settings(path, LONDON)
    write_import_options(path, {"dates": "dmy", "mapping": {"customer": "CustomerID"}})
    assert import_options(path) == {"dates": "dmy", "mapping": {"customer": "CustomerID"}}
    assert read_settings(path) == LONDON


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('zon = "UTC"', "did you mean zone"),
        ('zone = "Europe/Londn"', "did you mean Europe/London"),
        ('zone = "../../etc/passwd"', "zone"),
        ('currency = "gbp"', "did you mean GBP"),
        ('currency = "Pounds"', "ISO 4217"),
        ("week_start = 0", "1 .Monday. to 7 .Sunday."),
        ("week_start = 2.0", "1 .Monday. to 7 .Sunday."),
        ('week_start = "Monday"', "1 .Monday. to 7 .Sunday."),
        ('base = "subscription"', "activity or contract"),
        ('active = "Order Completed"', "list of texts"),
        ("gone_after = 0", "number of days"),
        ("gone_after = true", "number of days"),
        ('refunds = "none"', "order or ledger"),
        ("margin = 35", "between 0 and 1"),
        ("margin = nan", "between 0 and 1"),
        ("small_group = -1", "number of customers"),
        ("[contract]\nbegin = []", "start and end"),
        ("[stages]\nbuying = []", "stage"),
        ("[stages]\nevaluation = 3", "list of texts"),
        ("stages = 3", "line for each stage"),
        ('stages_reviewed = "soon"', "write a date"),
        ("[rates]\nUSD = 0", "above 0"),
        ("[rates]\nXXX = 1", "ISO 4217"),
        ("[rates]\nUSD = inf", "above 0"),
        ("[costs]\nwinning = 3", "acquiring"),
        ("[costs]\nkeeping = -3", "0 or more"),
        ('name = ""', "text in quotes"),
        ("zone = ", "no TOML"),
    ],
)
def test_impossible_setting_names_the_mend(tmp_path, line, words):
    path = tmp_path / "holdfast.toml"
    path.write_text(line)
    with pytest.raises(SettingsError, match=words):
        read_settings(path)


def test_missing_and_binary_files_are_clear(tmp_path):
    with pytest.raises(SettingsError, match="holdfast init"):
        read_settings(tmp_path / "holdfast.toml")
    (tmp_path / "holdfast.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="no TOML"):
        read_settings(tmp_path / "holdfast.toml")


def test_changes_over_a_base_and_unsetting():
    assert settings_of({"gone_after": None, "week_start": 1}, LONDON) == replace(LONDON, gone_after=None, week_start=1)
    with pytest.raises(SettingsError):
        settings_of({"zone": None}, LONDON)


def test_windows_editors_mark_is_no_error(tmp_path):
    (tmp_path / "holdfast.toml").write_text('\ufeffzone = "Europe/Paris"\r\n', "utf-8")
    assert read_settings(tmp_path / "holdfast.toml").zone == "Europe/Paris"


@pytest.mark.parametrize("field", [field.name for field in fields(Settings)])
def test_every_setting_has_its_line_in_the_reference(field):
    help_ = next(setting.help for setting in SETTINGS if setting.name == field)
    lines = [line for line in REFERENCE.read_text("utf-8").splitlines() if line.startswith(f"| `{field}` |")]
    assert len(lines) == 1
    assert lines[0].endswith(f" {help_} |")


def test_currency_codes_are_codes():
    assert {"EUR", "GBP", "USD", "JPY", "CHF"} <= CURRENCIES
    assert {len(code) for code in CURRENCIES} == {3}
