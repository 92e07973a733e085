"""Which orders carry a discount: one rule for marks of repeat buyers, for clusters and for taste."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
from people import START

from holdfast.analyses.discounts import discount_properties, discount_values
from holdfast.analyses.personas.marks import marks_of
from holdfast.analyses.taste.kinds import found_rhythm
from holdfast.events.schema import ORDER
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

WORTH = {"SUMMER": True, "-10%": True, "4.50": True, "0": False, "0.00": False, " no ": False, "N/A": False, "nan": False}


def test_marks_and_taste_read_the_same_properties_and_values():
    """Ann orders once for each text; the property's name is written in the shop's own way."""
    rows = [
        {"customer_id": "ann", "event": ORDER, "time": START + timedelta(days=day), "revenue": 5.0, "Voucher-Code": text}
        for day, text in enumerate(WORTH)
    ]
    timelines = Timelines.from_arrow(pa.Table.from_pylist(rows), Settings(properties=("Voucher-Code",)))
    meta = timelines.meta
    assert discount_properties(meta) == marks_of(meta, None).discounts == ("Voucher-Code",)
    assert list(found_rhythm(timelines, timelines.as_of()).discounts) == ["Voucher-Code"]
    told = dict(zip(meta.properties["Voucher-Code"], discount_values(meta, "Voucher-Code").tolist(), strict=True))
    assert {text: told[text] for text in WORTH} == WORTH
