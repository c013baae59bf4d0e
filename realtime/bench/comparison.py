"""This program compared with other readers: the same pictures, the same machine, one process and one thread each."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from realtime.bench import svg
from realtime.bench.child import environment
from realtime.bench.engines import KINDS, READERS, SIGN, Answer, PictureKind
from realtime.bench.page import machine, write_all
from realtime.errors import SourceError, UserError
from realtime.stats import percentile


@dataclass(frozen=True)
class GroundTruth:
    """A picture and every text that is to be found in it, with a box (x0, y0, x1, y1) or None."""

    path: str
    truths: tuple[tuple[str, tuple[float, ...] | None], ...]


@dataclass(frozen=True)
class Score:
    """How a reader did on a kind of picture: shares 0 to 1 (`located` None where no truth has a box), ms a picture."""

    n: int
    exact: float
    located: float | None
    ms: float
    ms95: float


@dataclass(frozen=True)
class Outcome:
    """All that is known of a reader; `absent` says why it could not be asked."""

    name: str
    version: str = ""
    absent: str = ""
    start: float = 0.0  # seconds from the command to the first answer
    memory: int = 0  # bytes at most
    size: int = 0  # bytes installed, with all that it needs
    scores: dict[str, Score] = field(default_factory=dict)


# the pictures -----------------------------------------------------------------------------------------------------


def pictures(data: Path, kind: PictureKind, most: int) -> list[GroundTruth]:
    """Held-out pictures of a kind, at most so many, evenly over its folders and within each."""
    found = [held_out(data / folder, kind) for folder in kind.folders]
    share = [round(most * len(rows) / max(1, sum(map(len, found)))) for rows in found]
    return [picture for rows, count in zip(found, share, strict=True) for picture in spread(rows, count)]


def spread(rows: Sequence[Any], count: int) -> list[Any]:
    """So many of the rows, evenly spaced."""
    return [rows[k * len(rows) // count] for k in range(count)] if count < len(rows) else list(rows)


def held_out(folder: Path, kind: PictureKind) -> list[GroundTruth]:
    """The validation pictures of a folder with what is legible in them. SourceError where it has no labels.csv."""
    try:
        with (folder / "labels.csv").open(newline="") as lines:
            rows = [row for row in csv.DictReader(lines) if row["split"] == "val" and row[kind.text]]
    except (OSError, KeyError) as error:
        raise SourceError(f"{folder} has no labels.csv with split and {kind.text} ({error}).") from None
    by_file: dict[str, list[Any]] = {}
    for row in rows:
        if row.get("quality", "clear") in ("clear", "HQ", "LQ", "MQ"):
            by_file.setdefault(str(folder / row["file"]), []).append((row[kind.text], box_of(row)))
    return [GroundTruth(path, tuple(truths)) for path, truths in by_file.items()]


def box_of(row: dict[str, Any]) -> tuple[float, ...] | None:
    """The box of a row of labels: from its corners, or from its left, top, width and height."""
    if row.get("x1"):
        xs, ys = ([float(row[f"{axis}{k}"]) for k in range(1, 5)] for axis in "xy")
        return min(xs), min(ys), max(xs), max(ys)
    if row.get("w") and row.get("x"):
        x, y, w, h = (float(row[name]) for name in "xywh")
        return x, y, x + w, y + h
    return None


# scoring ----------------------------------------------------------------------------------------------------------


def comparable(text: str, mode: str) -> str:
    """What is compared: letters and digits; on plates O is 0 and I is 1, in words case is forgiven."""
    kept = re.sub(r"[^0-9]" if mode == "digits" else r"[^0-9A-Za-z]", "", text)
    return kept.upper().replace("O", "0").replace("I", "1") if mode == "plates" else kept.lower()


def hit(truth: str, answer: Answer, kind: PictureKind) -> bool:
    """Whether a truth was read: in one text, in two neighbours, or in all together; of a display as how one begins."""
    texts = [text for text, _ in answer]
    options = {comparable(text, kind.mode) for text in (*texts, *(a + b for a, b in pairwise(texts)), "".join(texts))}
    wanted = comparable(truth, kind.mode)
    if kind.mode == "digits":
        return any(option.lstrip("0").startswith(wanted) for option in options)
    return wanted in options


def located(truth: Sequence[float], answer: Answer) -> bool:
    """Whether some box and the true one each cover at least half of the other (a text's box is inside its plate's)."""
    return any(box is not None and overlap(truth, box) >= 0.5 for _, box in answer)


def overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """The smaller of the two shares that two boxes cover of each other."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    larger = max((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return max(0.0, width) * max(0.0, height) / max(larger, 1e-9)


def score(asked: Sequence[GroundTruth], answers: Sequence[tuple[Answer, float]], kind: PictureKind) -> Score:
    """Over all truths of all pictures; `answers` with milliseconds."""
    pairs = [(t, b, a) for p, (a, _) in zip(asked, answers, strict=True) for t, b in p.truths]
    boxed = [located(b, a) for _, b, a in pairs if b]
    exact = [hit(t, a, kind) for t, _, a in pairs]
    times = [ms for _, ms in answers]
    place = sum(boxed) / len(boxed) if boxed and not kind.whole else None
    return Score(len(exact), sum(exact) / len(exact), place, percentile(times, 50), percentile(times, 95))


# asking, from outside ---------------------------------------------------------------------------------------------


def ask(name: str, jobs: dict[str, list[GroundTruth]], python: str, models: str | None) -> Outcome:
    """Run a reader on all pictures in a process of its own."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        listed = {kind: [picture.path for picture in asked] for kind, asked in jobs.items()}
        json.dump({"models": models, "pictures": listed}, file)
        file.flush()
        words, begin = [python, "-m", "realtime.bench.engines", name, file.name], time.perf_counter()
        with (
            tempfile.TemporaryFile("w+") as errors,
            subprocess.Popen(
                words, env=environment(threads=1), stdout=subprocess.PIPE, stderr=errors, text=True
            ) as process,
        ):
            lines = [(time.perf_counter() - begin, line) for line in process.stdout or () if line.startswith(SIGN)]
            process.wait()
            errors.seek(0)
            last = (errors.read().strip().splitlines() or [""])[-1]
    said = [(when, json.loads(line.removeprefix(SIGN))) for when, line in lines]
    return understood(name, said, jobs, last)


def understood(
    name: str, said: Sequence[tuple[float, dict[str, Any]]], jobs: dict[str, list[GroundTruth]], last: str = ""
) -> Outcome:
    """What a reader's lines amount to; `last` is what it said at its end where it crashed."""
    crashed: dict[str, Any] = {"absent": f"it crashed ({last})"}
    facts = next((line for _, line in said if "version" in line or "absent" in line), crashed)
    if "absent" in facts:
        return Outcome(name, absent=facts["absent"])
    answers: dict[str, list[Any]] = {}
    for line in (line for _, line in said if "kind" in line):
        answers.setdefault(line["kind"], []).append((line["answer"], line["ms"]))
    scores = {kind.name: score(jobs[kind.name], answers[kind.name], kind) for kind in KINDS if kind.name in answers}
    first = next((when for when, line in said if "warm" in line), 0.0)
    return Outcome(name, facts["version"], "", first, facts["memory"], facts["size"], scores)


# the page ---------------------------------------------------------------------------------------------------------


def compare(
    data: Path, most: int, pythons: Mapping[str, str], models: str | None, tell: Callable[[str], None]
) -> list[Outcome]:
    """Every reader on the same pictures, each with the Python that `pythons` names for it."""
    jobs = {kind.name: pictures(data, kind, most) for kind in KINDS}
    found = []
    for name in READERS:
        tell(name)
        found.append(ask(name, jobs, pythons[name], models))
        if found[-1].absent:
            tell(f"{name} is left out: {found[-1].absent}")
    return found


def score_tables(found: Sequence[Outcome]) -> str:
    """A Markdown table per kind of picture, then what each reader costs; those that could not be asked are left out."""
    there = [o for o in found if not o.absent]
    parts = [kind_table(kind, there) for kind in KINDS]
    names = {o.name: f"{o.name} {o.version}".strip() for o in there}
    rows = [f"| {names[o.name]} | {o.start:.1f} | {o.memory / 1e6:.0f} | {o.size / 1e6:.0f} |" for o in there]
    cost = ["| | start to first answer, s | peak memory, MB | installed, MB |", "|---|---|---|---|", *rows]
    return "\n".join([*parts, "### What they cost\n", *cost, ""])


def kind_table(kind: PictureKind, found: Sequence[Outcome]) -> str:
    """The readers on one kind of picture, best first."""
    scored = sorted(((o.scores[kind.name], o) for o in found if kind.name in o.scores), key=lambda pair: -pair[0].exact)
    if not scored:
        return ""
    rows = [f"| {o.name} | {share(s.exact)} | {share(s.located)} | {s.ms:.1f} | {s.ms95:.1f} |" for s, o in scored]
    head = [f"### {kind.name.capitalize()} ({scored[0][0].n} texts)\n", "| | exact | located | ms | ms, p95 |"]
    head.append("|---|---|---|---|---|")
    return "\n".join([*head, *rows, ""])


def share(value: float | None) -> str:
    """A share in per cent; nothing where there is none."""
    return "" if value is None else f"{100 * value:.1f} %"


def plots(found: Sequence[Outcome]) -> dict[str, str]:
    """An SVG of exact reads against time for each kind of picture, by file name."""
    pages = {}
    for kind in KINDS:
        scores = {o.name: o.scores[kind.name] for o in found if kind.name in o.scores}
        points = {name: (score.ms, 100 * score.exact) for name, score in scores.items()}
        if points:
            x = svg.Axis.over("ms per picture, one thread", [ms for ms, _ in points.values()], log=True)
            y = svg.Axis("read exactly, %", 0, 100)
            pages[f"comparison-{kind.name.replace(' ', '-')}.svg"] = svg.scatter(kind.name.capitalize(), x, y, points)
    return pages


def as_json(found: Sequence[Outcome]) -> str:
    """All outcomes."""
    return json.dumps([asdict(o) for o in found], indent=1)


def write(
    out: Path, data: Path, models: str | None, most: int, pythons: Sequence[str], tell: Callable[[str], None]
) -> None:
    """Compare with other readers; write comparison.md with its plots, and comparison.json."""
    found = compare(data, most, interpreters(pythons), models, tell)
    pictures, tables = plots(found), score_tables(found)
    head = f"Measured with `python -m realtime.bench comparison`: {machine()}, one thread and one process each."
    parts = ["# Compared with other tools", "", head, "", tables, *(f"![]({name})" for name in pictures), ""]
    write_all(out, {"comparison.md": "\n".join(parts), "comparison.json": as_json(found), **pictures})


def interpreters(pythons: Sequence[str]) -> dict[str, str]:
    """The Python of each reader, from PATH for all and READER=PATH for one. Raises UserError for one that is none."""
    pairs = [text.rpartition("=") for text in pythons]
    for name, _, path in pairs:
        if name and name not in READERS:
            raise UserError(f"{name!r} is not a reader.", f"Choose from: {', '.join(READERS)}.")
        if not shutil.which(path):
            raise UserError(f"{path} is not a program.", "Name the Python that has the other readers' packages.")
    every = next((path for name, _, path in pairs if not name), sys.executable)
    own = {name: path for name, _, path in pairs if name}
    return {name: own.get(name, sys.executable if name == "glyphcam" else every) for name in READERS}
