"""The command that writes models/README.md: what ships, how it was made, what it scores."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path

import click

from realtime.bench.engines import KINDS, PictureKind
from realtime.bench.page import filled
from realtime.spec import ModelSpec, load_spec
from train.datasets.place import data_option
from train.datasets.shared import matching
from train.datasets.terms import TERMS as TERMS_OF
from train.datasets.terms import Terms, terms_of
from train.evaluation.evaluate import SECTIONS, Bench, Row, evaluate, kept_for
from train.files import write
from train.record import rendered_from
from train.sampling.recipes import TAKES

HEAD = """# Models

Small int8 networks, each with a sidecar that describes its input and output. Written by `python -m train card` from the
sidecars, which hold what each run was made of, and from NOTES.md; every figure below comes from the command named
beside it, through the int8 files and the program's own preprocessing, on pictures held out of training.
"""
TERMS = """
## Data and terms

Which sets of real pictures each network has learned from, and what their publishers state. Everything else is rendered
by `synth`. None of these pictures is in this repository. Whether weights that were trained on them carry their terms is
an open question of law: if that matters to you, train without the sets in question.
"""
SHOWN = (  # rows of an evaluation that stand in README
    "crops pooled, folded", "scenes/*picture in*", "dashcam clear, picture in*", "dashcam rides as rec*distinct*",
    "displays/*picture*", "fuel pumps*", "meters, whole*", "films: strings*", "found, required*",
    "chars74k, folded", "handwriting, folded", "words/*folded", "*words, folded", "false texts*",
)  # fmt: skip
OVERALL = ("float", "int8", "same_answer", "calibration_error")  # scores of an export that are of no single source
LOW_IS_GOOD = ("false *", "*, false", "*other *", "*error*", "*per pan*", "share over*", "*lost", "*split")


@click.command(name="card")
@data_option
@click.option("--models", default="models", show_default=True, help="Folder of the models.")
def command(data: str, models: str) -> None:
    """Score every shipped mode and write the model card; called again after an interruption, it goes on."""
    specs = [load_spec(path) for path in sorted(Path(models).glob("*.json"))]
    kept = {mode: kept_for(mode, data, models) for mode in modes_of(specs)}
    rows = {mode: evaluate(Bench(mode, data, models), held) for mode, held in kept.items()}
    notes = Path(models) / "NOTES.md"
    told = "\n" + notes.read_text() if notes.is_file() else ""
    tables = [score_table(mode, found) for mode, found in rows.items()]
    write(
        Path(models) / "README.md",
        "\n".join([HEAD, model_table(specs, Path(models)), source_table(specs), told, terms_table(specs), *tables]),
    )
    readme = Path(models).parent / "README.md"
    if readme.is_file():
        table = headlines(rows, readme.parent / "docs" / "comparison.json")
        write(readme, filled(readme.read_text(), "models", table))
    for held in kept.values():
        held.forget()


def headlines(rows: Mapping[str, Sequence[Row]], comparison: Path) -> str:
    """The table of README: other tools on the same pictures, then what says most of each mode, and its worst."""
    head = "| mode | set | n | glyphcam | best other tool |\n|---|---|---|---|---|"
    own = [headline(mode, row) for mode, found in rows.items() for row in telling(found)]
    return "\n".join([head, *compared(comparison), *own])


def headline(mode: str, row: Row) -> str:
    """A row of the table, of a set that no other tool was asked about."""
    return f"| {mode} | {row.what} | {row.n} | {100 * row.figure:.1f} % | |"


def telling(rows: Sequence[Row]) -> list[Row]:
    """The rows of a mode that say most, in their order, and its lowest share of what should be high."""
    shares = [row for row in rows if not any(fnmatch(row.what, pattern) for pattern in LOW_IS_GOOD)]
    worst = min(shares, key=lambda row: row.figure, default=None)
    return [row for row in rows if row is worst or any(fnmatch(row.what, pattern) for pattern in SHOWN)]


def compared(path: Path) -> list[str]:
    """A row per kind of picture that `python -m realtime.bench comparison` measured; none without its JSON."""
    if not path.is_file():
        return []
    scores = {each["name"]: each["scores"] for each in json.loads(path.read_text())}
    own = scores.pop("glyphcam")
    return [against(kind, own[kind.name], scores) for kind in KINDS if kind.name in own]


def against(kind: PictureKind, own: dict, others: Mapping[str, dict]) -> str:
    """The row of a kind of picture, with the best of the other tools."""
    figures = [(scores[kind.name]["exact"], name) for name, scores in others.items() if kind.name in scores]
    best = f"{100 * max(figures)[0]:.1f} % ({max(figures)[1]})" if figures else ""
    return f"| {kind.mode} | {kind.name}, same pictures for all | {own['n']} | {100 * own['exact']:.1f} % | {best} |"


def modes_of(specs: Sequence[ModelSpec]) -> list[str]:
    """The modes whose networks are all there."""
    there = {spec.mode for spec in specs}
    return [mode for mode in SECTIONS if mode in there]


def model_table(specs: Sequence[ModelSpec], folder: Path) -> str:
    """One row per file: size, input, how it was trained, float against int8."""
    head = "| file | kB | input | made by | minutes | float | int8 | same answer |\n|---|---|---|---|---|---|---|---|"
    return "\n".join([head, *(model_row(spec, folder) for spec in specs)])


def model_row(spec: ModelSpec, folder: Path) -> str:
    """A file's row."""
    size, t = (folder / f"{spec.name}.tflite").stat().st_size / 1000, spec.training
    flags = f"--steps {t['steps']} --batch {t['batch']} --rate {t['rate']} --seed {t['seed']}"
    made = f"`python -m train fit {t['task']} {flags}`" + ", from earlier weights" * t["started_from_other_weights"]
    made += f", {len(t['averaged'])} runs averaged by `python -m train average`" if "averaged" in t else ""
    shape = f"{spec.height}x{spec.width}{' window' if spec.kind == 'locator' else ''}"
    figures = [figure(spec.scores.get(k)) for k in ("float", "int8", "same_answer")]
    return f"| {spec.name} | {size:.0f} | {shape} | {made} | {t['minutes']:.0f} | {' | '.join(figures)} |"


def figure(value: float | dict | None) -> str:
    """A score as text; a locator's is its scorer's row."""
    if isinstance(value, dict):
        return ", ".join(f"{k} {v:.3f}" for k, v in value.items() if k != "score")
    return "" if value is None else f"{value:.2f} %"


def source_table(specs: Sequence[ModelSpec]) -> str:
    """What each network scored at its export: how far its confidences are off, and its figure on every source."""
    rows = [f"| {s.name} | {figure(s.scores.get('calibration_error'))} | {by_source(s)} |" for s in specs]
    return "\n".join(["\n| file | calibration error | int8 by source |\n|---|---|---|", *rows])


def terms_table(specs: Sequence[ModelSpec]) -> str:
    """The sets that any network learned from, with what their publishers state and the networks."""
    users: dict[str, list[str]] = {}
    for spec in specs:
        for name in learned_from(spec):
            users.setdefault(name, []).append(spec.name)
    rows = [terms_row(TERMS_OF[name], users[name], len(specs)) for name in TERMS_OF if name in users]
    return "\n".join([TERMS, "| set | publisher | terms stated | networks |\n|---|---|---|---|", *rows])


def terms_row(terms: Terms, networks: Sequence[str], every: int) -> str:
    """A set, with the networks that learned from it."""
    told = "all" if len(networks) == every else ", ".join(networks)
    return f"| {terms.what} | {terms.publisher} | {terms.terms} | {told} |"


def learned_from(spec: ModelSpec) -> list[str]:
    """The entries of the table of terms whose sets a network learned from.

    A sidecar names the sets since runs are recorded; before, a task had all that it takes.
    """
    task = spec.training["task"]
    if "sets" in spec.training:
        names = [name for name, one in spec.training["sets"].items() if one["train"]]
    else:
        named = [*rendered_from(task), *(each for name in TAKES[task] for each in matching(name))]
        names = [name for name in named if not name.startswith("public/")]
    return list(dict.fromkeys(found[0] for name in names if (found := terms_of(name))))


def by_source(spec: ModelSpec) -> str:
    """A network's scores on the sources of its validation."""
    sources = {name: score for name, score in spec.scores.items() if name not in OVERALL}
    return ", ".join(f"{name} {figure(score)}" for name, score in sources.items())


def score_table(mode: str, rows: Sequence[Row]) -> str:
    """A mode's table."""
    head = f"\n## {mode}\n\n`python -m train evaluate {mode}`\n"
    lines = [f"| {r.what} | {r.n} | {100 * r.figure:.2f} % | {r.floor} |" for r in rows]
    return "\n".join([head, "| on | n | figure | aim |\n|---|---|---|---|", *lines])
