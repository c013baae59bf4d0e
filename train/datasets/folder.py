"""A folder with a labels.csv: the layout for data of one's own."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from realtime.errors import SourceError
from realtime.values import Box, Quad
from train.datasets.example import Example

TABLE = "labels.csv"
BOX = ("x", "y", "w", "h")
CORNERS = ("x1", "y1", "x2", "y2", "x3", "y3", "x4", "y4")


def read_folder(
    root: Path, table: str = TABLE, name: str = "", text: str = "text", group: str = "", split: str = "train"
) -> Iterator[Example]:
    """One example per row of `root`/`table`.

    The table needs a `file` column (relative to `root`); `split`, the columns named by `text` and `group`, a box
    (x, y, w, h: pixels from the top left) and corners (x1, y1 ... x4, y4: clockwise from the top left) are optional.
    `split` is that of rows that name none.
    Raises SourceError where the table is missing, has no `file` column or a number that is none.
    """
    root = Path(root)
    for row in rows_of(root / table):
        yield example_of(row, root, name or root.name, text, group, split)


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a labels table as dictionaries."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines)
            if "file" not in (reader.fieldnames or ()):
                raise SourceError(f"{path} has no 'file' column.", "Its first line names the columns: file,text,split.")
            yield from reader
    except FileNotFoundError:
        raise SourceError(f"{path} is missing.", "Name a folder that holds a labels.csv.") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{path} is not a CSV table in UTF-8 ({error}).") from None


def example_of(row: dict[str, str], root: Path, name: str, text: str, group: str, split: str) -> Example:
    """A row of a labels table as an example; columns with a meaning of their own do not become tags."""
    meaning = {"file", "split", text, group, *BOX, *CORNERS}
    tags = {k: v for k, v in row.items() if k and k not in meaning and v is not None}
    return Example(
        source=name,
        text=row.get(text),
        split=row.get("split") or split,
        path=root / row["file"],
        quad=quad_of(row),
        group=row.get(group) or "",
        tags=tags,
    )


def quad_of(row: dict[str, str]) -> Quad | None:
    """The corners or the box of a row, or None where it has neither."""
    try:
        if all(row.get(c) for c in CORNERS):
            return Quad.of([float(row[c]) for c in CORNERS])
        if all(row.get(c) for c in BOX):
            x, y, w, h = (float(row[c]) for c in BOX)
            return Quad.from_box(Box(x, y, x + w, y + h))
    except ValueError as error:
        raise SourceError(f"The row of {row['file']} has a coordinate that is not a number ({error}).") from None
    return None
