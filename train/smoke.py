"""Fit, export and evaluate on a handful of pictures: whether all of it works here, not what it can learn."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from realtime.pipeline import SHIPPED
from train.evaluation.evaluate import SECTIONS, Bench, evaluate
from train.export import Export, export_run
from train.fit import fit_task
from train.record import introduce, recorded
from train.sampling.recipes import SPECS
from train.trainer import Settings

STEPS, BATCH, MOST = 6, 4, 2  # batches, samples in each, pictures of each set


def smoke_test(task: str, data: str, added: Sequence[str], out: Path, say: Callable[[str], None]) -> None:
    """Take one network from nothing to figures; the folder `out` is emptied first."""
    shutil.rmtree(out, ignore_errors=True)
    record = recorded(task, data, added, {})
    introduce(record, data, say)
    settings = Settings(task, data, str(out), STEPS, BATCH, every=STEPS // 2, most=MOST, added=tuple(added))
    fit_task(replace(settings, mixture=record["mixture"]), record=record)
    models = out / "models"
    shutil.copytree(SHIPPED, models)  # the other networks of the mode
    export_run(out, models, Export(data=data, added=tuple(added), most=MOST, strict=False))
    if SPECS[task].mode in SECTIONS:
        rows = evaluate(Bench(SPECS[task].mode, data, str(models), added, MOST))
        say(f"{len(rows)} figures on {MOST} pictures of each set, which say nothing of what it can learn.")
    say(f"{task}: fitted, exported and evaluated in {out}.")
