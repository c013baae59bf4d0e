"""Plates at night, as they look in gray: infrared lamps that the paper throws back, and headlights beside the plate."""

from __future__ import annotations

import cv2
import numpy as np


def infrared(rng: np.random.Generator, crop: np.ndarray) -> np.ndarray:
    """A lamp at the camera: the paper is nearly white, all around it dark, and the light bleeds into the characters."""
    height, width = crop.shape
    bright = float(np.percentile(crop[height // 4 : -height // 4, width // 5 : -width // 5], 90))
    gain, dark = rng.uniform(0.9, 1.4) * 235 / max(bright, 40.0), rng.uniform(0.35, 0.9)
    grays = np.arange(256)
    table = np.where(grays < bright * 0.6, grays * dark, grays * gain)
    lit = cv2.LUT(crop, np.clip(table, 0, 255).astype(np.uint8))
    soft = cv2.GaussianBlur(lit, (0, 0), max(0.5, crop.shape[0] * rng.uniform(0.01, 0.06)))
    return cv2.addWeighted(lit, 1.0, cv2.subtract(soft, np.full_like(soft, 120)), rng.uniform(0, 0.8), 0)


def headlights(rng: np.random.Generator, crop: np.ndarray) -> np.ndarray:
    """One or two lamps beside, above or under the plate that glare into it, and an exposure that makes up for them."""
    height, width = crop.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    light = np.zeros(crop.shape, np.float32)
    for side in rng.permutation(2)[: int(rng.integers(1, 3))]:
        at = (-rng.uniform(0, 0.2) if side else 1 + rng.uniform(0, 0.2)) * width, rng.uniform(-0.5, 1.5) * height
        reach = rng.uniform(0.3, 1.0) * height
        light += rng.uniform(80, 220) * np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * reach * reach))
    exposed = crop * rng.uniform(0.35, 0.9) + rng.uniform(0, 40)
    return np.clip(exposed + light, 0, 255).astype(np.uint8)
