"""Rows as CSV that a spreadsheet opens and does not run."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_rows(rows: Iterable[Sequence[object]]) -> str:
    """A line for each row: text in quotes, lists as JSON."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writerows([[cell(value) for value in row] for row in rows])
    return text.getvalue()


def cell(value: object) -> object:
    """A value of a row in CSV; text that a spreadsheet would take for a formula begins with an apostrophe."""
    if isinstance(value, str):
        return "'" + value if value.startswith(FORMULA) else value
    return json.dumps(value) if isinstance(value, list) else value
