"""How well strings are found: overlap and completeness against true corners, and what was found where nothing is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from realtime.values import Detection, Quad
from train.sampling.load import load_backgrounds
from train.sampling.text_patches import TextScene
from train.sampling.text_scenes import PLAIN, load_text_scenes, rendered_layouts, rendered_lines

FOUND = 0.5  # intersection over union with the true corners from which a string is found
COVERED, WIDER = 0.9, 1.25  # a complete string covers so much of the true one's length, and is at most so much longer
SLACK = 0.15  # heights by which it may be longer beside that

Locate = Callable[[np.ndarray], list[Detection]]


@dataclass(frozen=True)
class Judgement:
    """Of one picture: per string that must be found, whether it was, whether completely, whether it shares a detection
    with another or lies in several; and the spurious detections."""

    found: tuple[bool, ...]
    complete: tuple[bool, ...]
    mixed: tuple[bool, ...]
    spurious: int
    detections: int


def judge(detections: Sequence[Detection], scene: TextScene) -> Judgement:
    """Detections against a scene's strings; what lies on a string that cannot be read counts nothing."""
    quads = np.array([d.quad.array() for d in detections], np.float32).reshape(-1, 4, 2)
    overlaps = np.array([[overlap(q, truth) for q in quads] for truth in scene.quads])
    overlaps = overlaps.reshape(len(scene.quads), len(quads))
    found, complete = [], []
    for truth, row in zip(scene.quads[scene.known], overlaps[scene.known], strict=True):
        best = int(row.argmax()) if len(row) else -1
        found.append(best >= 0 and bool(row[best] >= FOUND))
        complete.append(best >= 0 and bool(row[best] >= 0.4) and is_complete(quads[best], truth))
    mixed = joined_or_split(quads, scene.quads)[scene.known] & ~np.array(complete, bool)
    claimed = (overlaps > 0.3).any(0) | touched(quads, scene.quads[~scene.known])
    return Judgement(tuple(found), tuple(complete), tuple(mixed.tolist()), int((~claimed).sum()), len(quads))


def joined_or_split(quads: np.ndarray, truths: np.ndarray) -> np.ndarray:
    """Which strings (n, 4, 2) lie by half or more in a quadrilateral (m, 4, 2) that holds half of another one too, or
    hold by half or more two or more of the quadrilaterals: bool (n,)."""
    shared = np.array([[shared_area(q, truth) for q in quads] for truth in truths]).reshape(len(truths), len(quads))
    inside = shared > 0.5 * np.array([[cv2.contourArea(t)] for t in truths]).reshape(-1, 1)
    parts = shared > 0.5 * np.array([cv2.contourArea(q) for q in quads])
    joined = (inside & (inside.sum(0) > 1)).any(1)
    return joined | ((parts & ~inside).sum(1) > 1)


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two convex quadrilaterals (4, 2)."""
    if (a.min(0) > b.max(0)).any() or (b.min(0) > a.max(0)).any():
        return 0.0
    both = shared_area(a, b)
    return float(both / max(cv2.contourArea(a) + cv2.contourArea(b) - both, 1e-6))


def shared_area(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection of two quadrilaterals (4, 2), in square pixels."""
    return float(cv2.intersectConvexConvex(cv2.convexHull(a), cv2.convexHull(b))[0])


def touched(quads: np.ndarray, unknown: np.ndarray) -> np.ndarray:
    """Which quadrilaterals (n, 4, 2) lie to a tenth or more on one of the unknown."""
    return np.array([any(shared_area(q, u) > 0.1 * cv2.contourArea(q) for u in unknown) for q in quads], bool)


def is_complete(quad: np.ndarray, truth: np.ndarray) -> bool:
    """Whether a quadrilateral has all of the true one's length and hardly more, as seen along the true one."""
    along = truth[1] + truth[2] - truth[0] - truth[3]
    along = along / max(float(np.hypot(*along)), 1e-6)
    (low, high), (first, last) = (ends(corners @ along) for corners in (truth, quad))
    covers = (min(high, last) - max(low, first)) / max(high - low, 1e-6)
    return bool(covers >= COVERED and last - first <= WIDER * (high - low) + SLACK * Quad.of(truth).size[1])


def ends(along: np.ndarray) -> tuple[float, float]:
    """Begin and end of a quadrilateral from where its corners (4,) lie along a line."""
    a, b, c, d = np.sort(along).tolist()
    return (a + b) / 2, (c + d) / 2


def place_scores(locate: Locate, sets: Mapping[str, Sequence[TextScene]]) -> dict[str, tuple[int, float]]:
    """Per set, each with the number it is a share of: strings found, strings complete, strings
    joined with another or split, and of what was found the share
    that is a string; for pictures without strings how many were found in each."""
    rows: dict[str, tuple[int, float]] = {}
    for name, scenes in sets.items():
        judged = [judge(locate(scene.gray), scene) for scene in scenes]
        strings, found = sum(len(j.found) for j in judged), sum(j.detections for j in judged)
        spurious = sum(j.spurious for j in judged)
        if not strings:
            rows[f"{name}_false"] = len(scenes), spurious / len(scenes)
            continue
        rows[f"{name}_found"] = strings, sum(sum(j.found) for j in judged) / strings
        rows[f"{name}_complete"] = strings, sum(sum(j.complete) for j in judged) / strings
        rows[f"{name}_joined or split"] = strings, sum(sum(j.mixed) for j in judged) / strings
        if all(scene.complete for scene in scenes):
            rows[f"{name}_precision"] = found, 1 - spurious / max(found, 1)
    return rows


def text_scenes(data: str, count: int = 60) -> dict[str, list[TextScene]]:
    """Held-out pictures with the corners of their strings, by set; the rendered ones in fonts that no sample uses.

    None of them is empty: a set that is not there is left out.
    """
    plain = load_backgrounds(data, "val", PLAIN[:1])
    drawn = {"lines": rendered_lines(plain, split="val"), "layouts": rendered_layouts(plain, split="val")}
    empty = np.zeros((0, 4, 2), np.float32), np.zeros(0, bool)
    sets = {
        **{name: [render(np.random.default_rng((55, k))) for k in range(count)] for name, render in drawn.items()},
        "displays": load_text_scenes(data, ["displays/medical"], "val"),
        "words": load_text_scenes(data, ["words/scenes_icdar15"], "val"),
        "empty": [TextScene(gray, *empty) for gray in plain],
    }
    return {name: scenes for name, scenes in sets.items() if scenes}


def turned(scene: TextScene, degrees: float) -> TextScene:
    """The whole scene turned clockwise, its edge repeated around."""
    height, width = scene.gray.shape
    angle = np.deg2rad(degrees)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]]) @ matrix.T
    offset = -corners.min(0)
    size = tuple(np.ceil(corners.max(0) + offset).astype(int).tolist())
    affine = np.column_stack([matrix, offset])
    gray = cv2.warpAffine(scene.gray, affine, size, borderMode=cv2.BORDER_REPLICATE)
    return replace(scene, gray=gray, quads=(scene.quads @ matrix.T + offset).astype(np.float32))
