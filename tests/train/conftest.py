"""A small folder of data sets, made here, and a folder of one's own beside it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

CORNERS = "x1,y1,x2,y2,x3,y3,x4,y4"


def lettered(text: str, size: tuple[int, int] = (60, 200)) -> np.ndarray:
    """Black characters on light paint: a plate, a word or a display, as far as a network of a few steps cares."""
    image = np.full((*size, 3), 200, np.uint8)
    cv2.putText(
        image, text, (size[1] // 12, size[0] - size[0] // 4), cv2.FONT_HERSHEY_SIMPLEX, size[0] / 45, (20,) * 3, 2
    )
    return image


def street(text: str) -> np.ndarray:
    """A gray street with one such thing at (40, 60), 200 x 60."""
    image = np.random.default_rng(len(text)).integers(60, 120, (240, 320, 3), dtype=np.uint8)
    image[60:120, 40:240] = lettered(text)
    return image


def write_set(folder: Path, header: str, rows: dict[str, tuple[np.ndarray, str]]) -> Path:
    """A folder with pictures and their labels.csv: file name -> picture, the rest of its row."""
    folder.mkdir(parents=True)
    for name, (image, _) in rows.items():
        cv2.imwrite(str(folder / name), image)
    table = [f"file,{header}", *(f"{name},{row}" for name, (_, row) in rows.items())]
    (folder / "labels.csv").write_text("\n".join(table) + "\n")
    return folder


PLACE = "40,60,240,60,240,120,40,120"
SPLITS = "train", "train", "val"


@pytest.fixture(scope="session")
def data(tmp_path_factory) -> Path:
    """Sets of three pictures, two of which train, for every kind of network."""
    root = tmp_path_factory.mktemp("data")
    texts = dict(enumerate(SPLITS))
    crops = {f"{k}.png": (lettered(f"AB{k}2"), f"AB{k}2,{split}") for k, split in texts.items()}
    write_set(root / "plates/crops/taiwan", "text,split", crops)
    scenes = {f"{k}.png": (street(f"CD{k}4"), f"CD{k}4,{PLACE},{split}") for k, split in texts.items()}
    write_set(root / "plates/scenes/china", f"text,{CORNERS},split", scenes)
    shown = {f"{k}.png": (street(f"1{k}.4"), f"1{k}4,1{k}.4,{PLACE},{split}") for k, split in texts.items()}
    write_set(root / "displays/medical", f"text,value,{CORNERS},split", shown)
    signs = {f"{c}.png": (lettered(c, (40, 32)), f"{c},{split}") for c, split in zip("A7b", SPLITS, strict=True)}
    write_set(root / "characters/chars74k", "text,split", signs)
    words = {f"{k}.png": (lettered(f"EXIT{k}"), f"EXIT{k},{split}") for k, split in texts.items()}
    write_set(root / "words/photos", "raw_text,split", words)
    (root / "backgrounds/bsds500").mkdir(parents=True)
    for k in range(12):
        noise = np.random.default_rng(k).integers(0, 255, (120, 160), dtype=np.uint8)
        cv2.imwrite(str(root / f"backgrounds/bsds500/{k}.jpg"), cv2.GaussianBlur(noise, (0, 0), 5))
    return root


@pytest.fixture(scope="session")
def mine(tmp_path_factory) -> Path:
    """Three pictures of one's own with the places of their texts."""
    rows = {f"{k}.png": (street(f"87{k}"), f"87{k},{PLACE},{split}") for k, split in enumerate(SPLITS)}
    return write_set(tmp_path_factory.mktemp("own") / "mine", f"text,{CORNERS},split", rows)
