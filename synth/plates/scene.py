"""Street scenes with zero to many number plates whose corners and texts are known.

`sample_plate_scene` decides what stands where, `render_plate_scene` draws it: signs and other decoys, then cars and
bare plates, the farthest first, each seen through one homography, then one camera over all. On a street photograph
whose plates are known, each of them is replaced by another plate in the same place and light.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from synth.effects import Effects, apply_effects, sample_effects
from synth.plates.cars import Car, render_car, sample_car
from synth.plates.decoys import sample_decoy, texture
from synth.plates.plate import Plate, camera_gray, render_plate, sample_plate

Crop = tuple[np.ndarray, str]
Street = tuple[np.ndarray, np.ndarray]  # gray (H, W), corners of its plates (n, 4, 2)


@dataclass(frozen=True, eq=False)
class PlacedPlate:
    """One plate in the scene: a rendered one or a real crop (gray, text), its corners (4, 2), its car if it has one."""

    plate: Plate | Crop
    corners: np.ndarray
    car: Car | None
    light: float  # factor on its gray values
    soft: float  # blur in pixels
    covers: bool = False  # the plate that was there before

    @property
    def text(self) -> str:
        return self.plate[1] if isinstance(self.plate, tuple) else self.plate.text


@dataclass(frozen=True, eq=False)
class PlateScene:
    """A scene before it is drawn; `ground` is the photograph behind, gray uint8 (H, W)."""

    ground: np.ndarray
    places: tuple[PlacedPlate, ...]
    decoys: int
    effects: Effects
    seed: int


def sample_plate_scene(
    rng: np.random.Generator,
    backgrounds: Sequence[np.ndarray],
    size: tuple[int, int] = (360, 640),
    plates: int | None = None,
    crops: Sequence[Crop] = (),
    streets: Sequence[Street] = (),
    strength: float = 1.0,
) -> PlateScene:
    """A scene of `size` (height, width) on one of the backgrounds (gray, any size), or a drawn one where none is given.

    `plates`: how many (some may find no room), by default 0 to 5; `crops`: real plates (gray, text), which stand in for
    rendered ones; widths are log-uniform from 16 to 200 pixels. `streets`: photographs of cars with the corners of
    their plates, then the ground of a good half of the scenes (how many plates they show is theirs to say).
    """
    count = int(rng.choice((0, 1, 2, 3, 5), p=(0.12, 0.4, 0.26, 0.14, 0.08))) if plates is None else plates
    if len(streets) and count and rng.random() < 0.6:
        ground, places = _street(rng, streets[int(rng.integers(len(streets)))], size, crops)
        decoys = 0
    else:
        ground, places = _ground(rng, backgrounds, size), _places(rng, size, count, crops)
        decoys = int(rng.integers(5))
    height = float(np.median([_height(place.corners) for place in places])) * 0.6 if places else 12
    drawn = sample_effects(rng, 0.75 * strength, bool(rng.random() < 0.12), height=float(np.clip(height, 6, 24)))
    return PlateScene(ground, places, decoys, drawn, int(rng.integers(2**31)))


def render_plate_scene(scene: PlateScene) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Gray uint8 (H, W), corners float32 (n, 4, 2) clockwise from top left as the text runs, texts."""
    rng = np.random.default_rng(scene.seed)
    image = scene.ground.copy()
    taken = [_box(place) for place in scene.places]
    for _ in range(scene.decoys):
        _decoy(rng, image, taken)
    for place in scene.places:
        _draw(rng, image, place)
    corners = np.array([place.corners for place in scene.places], np.float32).reshape(-1, 4, 2)
    return apply_effects(image, scene.effects), corners, tuple(place.text for place in scene.places)


# --- what stands where


def _places(rng, size: tuple[int, int], count: int, crops: Sequence[Crop]) -> tuple[PlacedPlate, ...]:
    """Up to `count` plates that do not cover each other, the smallest (farthest) first."""
    widths = np.exp(rng.uniform(np.log(16), np.log(min(200, size[1] * 0.55)), count))
    places: list[PlacedPlate] = []
    for width in sorted(widths):
        for _ in range(6):
            place = _place(rng, size, float(width), crops)
            if all(_apart(_box(place), _box(other)) for other in places):
                places.append(place)
                break
    return tuple(places)


def _place(rng, size, width: float, crops: Sequence[Crop]) -> PlacedPlate:
    plate = _some_plate(rng, crops)
    aspect = _aspect(plate)
    shape = _seen(rng, width, width / aspect)
    low, high = shape.min(0), shape.max(0)
    room = np.maximum(np.array(size[::-1]) - (high - low), 1)
    corners = shape - low + rng.uniform(0, 1, 2) * room
    car = sample_car(rng, aspect) if rng.random() < 0.65 else None
    return PlacedPlate(plate, corners, car, float(np.clip(rng.normal(0.85, 0.2), 0.3, 1.2)), rng.uniform(0.3, 0.9))


def _some_plate(rng, crops: Sequence[Crop]) -> Plate | Crop:
    return crops[rng.integers(len(crops))] if len(crops) else sample_plate(rng)


def _aspect(plate: Plate | Crop) -> float:
    """Width over height."""
    if isinstance(plate, tuple):
        return plate[0].shape[1] / plate[0].shape[0]
    return plate.layout.size[0] / plate.layout.size[1]


def _street(
    rng, street: Street, size: tuple[int, int], crops: Sequence[Crop]
) -> tuple[np.ndarray, tuple[PlacedPlate, ...]]:
    """A window of a street photograph, and another plate for each of those in it."""
    photo, quads = street
    quads = np.asarray(quads, np.float64).reshape(-1, 4, 2)
    target = quads[rng.integers(len(quads))]
    wanted = np.exp(rng.uniform(np.log(16), np.log(200))) / max(4.0, _span(target, 0, 1))
    scale = max(wanted, size[0] / photo.shape[0], size[1] / photo.shape[1])
    view = np.array(size[::-1]) / scale
    low = np.maximum(target.max(0) - view, 0)
    high = np.maximum(np.minimum(target.min(0), np.array(photo.shape[::-1]) - view), low)
    origin = rng.uniform(low, high)
    matrix = np.array([[scale, 0, -origin[0] * scale], [0, scale, -origin[1] * scale]])
    mode = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    shrunk = cv2.resize(photo, None, fx=min(scale, 1), fy=min(scale, 1), interpolation=mode)
    matrix[:, :2] /= min(scale, 1)
    ground = cv2.warpAffine(shrunk, matrix, size[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    seen = (quads - origin) * scale
    inside = [q for q in seen if (q.max(0) > 0).all() and (q.min(0) < size[::-1]).all()]
    return ground, tuple(_replaced(rng, ground, corners, scale, crops) for corners in inside)


def _replaced(rng, ground: np.ndarray, corners: np.ndarray, scale: float, crops: Sequence[Crop]) -> PlacedPlate:
    """A plate of about the same shape for this place, as bright and as sharp as the one before."""
    a, b = _span(corners, 0, 1) + 1e-3, _span(corners, 0, 3) + 1e-3
    choices = [_some_plate(rng, crops) for _ in range(6)]
    plate = min(choices, key=lambda choice: abs(np.log(_aspect(choice) * b / a)))
    (left, top), (right, bottom) = corners.min(0), corners.max(0)
    old = ground[max(0, int(top)) : max(1, int(bottom)), max(0, int(left)) : max(1, int(right))]
    light = float(np.clip(np.percentile(old, 90) / 225, 0.25, 1.15)) if old.size else 0.8
    return PlacedPlate(plate, corners, None, light, float(rng.uniform(0.3, 0.7) * max(1.0, scale)), True)


def _seen(rng, width: float, height: float) -> np.ndarray:
    """A flat plate seen from where one stands: turned a little, one side nearer; (4, 2) about its centre."""
    height *= np.exp(rng.normal(0, 0.06))
    yaw = np.clip(rng.laplace(0, 0.25), -1.1, 1.1)
    roll = np.radians(np.clip(rng.laplace(0, 3), -20, 20))
    flat = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (width * np.cos(yaw * 0.9), height) / 2
    depth = 1 + flat[:, :1] / width * np.sin(yaw) * rng.uniform(0.1, 0.5) + flat[:, 1:] / height * rng.normal(0, 0.03)
    slant = np.array([[1.0, np.sin(yaw) * rng.normal(0, 0.12)], [rng.normal(0, 0.04), 1.0]])
    turn = np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
    return (flat / depth) @ slant @ turn


def _height(corners: np.ndarray) -> float:
    return float(np.linalg.norm(corners[3] - corners[0]))


def _matrix(place: PlacedPlate, flat: tuple[float, float, float, float]) -> np.ndarray:
    """From the flat car, whose plate is the box left, top, width, height, to the scene.

    Affine, because the slight perspective of a plate, drawn out to a whole car, is no longer slight.
    """
    x, y, w, h = flat
    a, b, c, d = place.corners
    across, down = (b - a + c - d) / (2 * w), (d - a + c - b) / (2 * h)
    middle = place.corners.mean(0) - across * (x + w / 2) - down * (y + h / 2)
    return np.array([[across[0], down[0], middle[0]], [across[1], down[1], middle[1]], [0, 0, 1.0]])


def _flat(place: PlacedPlate) -> tuple[float, float]:
    """The plate's own width and height in pixels, flat on."""
    a, b, c, d = place.corners
    width = max(np.linalg.norm(b - a), np.linalg.norm(c - d))
    return float(width), float(max(np.linalg.norm(d - a), np.linalg.norm(c - b)))


def _box(place: PlacedPlate) -> tuple[float, float, float, float]:
    """What the plate and its car cover: left, top, right, bottom."""
    left, top = place.corners.min(0)
    right, bottom = place.corners.max(0)
    if place.car is None:
        return left - 3, top - 3, right + 3, bottom + 3
    unit, car = _flat(place)[0], place.car
    x, y = left - car.place[0] * unit, top - car.place[1] * unit
    return x, y, x + car.width * unit, y + car.height * unit


def _apart(a, b) -> bool:
    return a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1]


# --- drawing


def _ground(rng, backgrounds: Sequence[np.ndarray], size: tuple[int, int]) -> np.ndarray:
    """A part of one of the photographs, or drawn texture."""
    if not len(backgrounds):
        return texture(rng, size)
    photo = backgrounds[rng.integers(len(backgrounds))]
    scale = max(size[0] / photo.shape[0], size[1] / photo.shape[1]) * rng.uniform(1.0, 1.8)
    h, w = int(np.ceil(size[0] / scale)), int(np.ceil(size[1] / scale))
    y, x = rng.integers(photo.shape[0] - h + 1), rng.integers(photo.shape[1] - w + 1)
    part = photo[y : y + h, x : x + w]
    part = part[:, ::-1] if rng.random() < 0.5 else part
    return cv2.resize(part, size[::-1], interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)


def _decoy(rng, image: np.ndarray, taken) -> None:
    """A sign, lettering, a grille, an empty plate: anywhere that no plate stands, seen at an angle."""
    width = float(np.exp(rng.uniform(np.log(16), np.log(260))))
    corners = _seen(rng, width, width / rng.uniform(1.0, 5.0))
    corners = corners - corners.min(0) + rng.uniform(-0.1, 0.9, 2) * image.shape[::-1]
    (left, top), (right, bottom) = corners.min(0), corners.max(0)
    if all(_apart((left, top, right, bottom), other) for other in taken):
        shape = max(4, round(_span(corners, 0, 3))), max(4, round(_span(corners, 0, 1)))
        _warp(image, sample_decoy(rng, shape), corners, None)


def _span(corners: np.ndarray, a: int, b: int) -> float:
    return float(np.linalg.norm(corners[a] - corners[b]))


def _draw(rng, image: np.ndarray, place: PlacedPlate) -> None:
    """The car, if there is one, then the plate on it, both in the light of the place."""
    unit, height = _flat(place)
    light = place.light
    if place.covers:
        _cover(image, place.corners)
    else:
        light *= _ambient(image, place)
    if place.car is not None:
        car, alpha = render_car(place.car, unit, (unit, height))
        flat = place.car.place[0] * unit, place.car.place[1] * unit, unit, height
        _through(image, _lit(car, light), alpha, _matrix(place, flat))
    _warp(image, _lit(_face(rng, place, unit), light), place.corners, place.soft)


def _cover(image: np.ndarray, corners: np.ndarray) -> None:
    """Paint over what stands in the four corners, from what is left and right of it."""
    middle = corners.mean(0)
    wide = middle + (corners - middle) * 1.12
    (left, top), (right, bottom) = np.floor(wide.min(0)).astype(int), np.ceil(wide.max(0)).astype(int)
    x0, y0, x1, y1 = max(0, left), max(0, top), min(image.shape[1], right + 1), min(image.shape[0], bottom + 1)
    if x1 - x0 < 2 or y1 - y0 < 2:
        return
    part = image[y0:y1, x0:x1]
    share = np.linspace(0, 1, x1 - x0, dtype=np.float32)[None]
    filled = part[:, :1] * (1 - share) + part[:, -1:] * share
    inside = np.zeros(part.shape, np.float32)
    cv2.fillConvexPoly(inside, np.round(wide - (x0, y0)).astype(np.int32), 1.0)
    alpha = cv2.blur(inside, (3, 3))
    part[:] = (part + alpha * (filled - part)).astype(np.uint8)


def _lit(image: np.ndarray, light: float) -> np.ndarray:
    return cv2.convertScaleAbs(image, alpha=light)


def _ambient(image: np.ndarray, place: PlacedPlate) -> float:
    """How bright it is where the plate stands, against a usual photograph."""
    left, top, right, bottom = (int(v) for v in _box(place))
    part = image[max(0, top) : max(1, bottom), max(0, left) : max(1, right)]
    return float(np.clip((part.mean() / 115) ** 0.5, 0.55, 1.15)) if part.size else 1.0


def _face(rng, place: PlacedPlate, width: float) -> np.ndarray:
    """The plate's picture, gray, not much larger than it will be seen."""
    if isinstance(place.plate, tuple):
        crop = place.plate[0]
        scale = min(1.0, width * 1.1 / crop.shape[1])
        return cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    layout = place.plate.layout
    line = max(5.0, width * 1.1 * layout.height[0] / layout.size[0])
    return camera_gray(render_plate(place.plate, line)[0], rng)


def _warp(image: np.ndarray, part: np.ndarray, corners: np.ndarray, soft: float | None) -> None:
    """Paste a whole picture into four corners of the scene, its edges blended, blurred by `soft` pixels."""
    h, w = part.shape
    flat = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    part = cv2.GaussianBlur(part, (0, 0), soft) if soft else part
    matrix = cv2.getPerspectiveTransform(flat, corners.astype(np.float32))
    _through(image, part, np.full((h, w), 255, np.uint8), matrix)


def _through(image: np.ndarray, part: np.ndarray, alpha: np.ndarray, matrix: np.ndarray) -> None:
    """Lay `part` over the scene, in place, through its alpha and a homography; only the box it covers is touched."""
    h, w = part.shape
    box = cv2.perspectiveTransform(np.array([[[0, 0], [w, 0], [w, h], [0, h]]], np.float32), matrix)[0]
    left, top = np.maximum(np.floor(box.min(0)).astype(int) - 1, 0)
    right, bottom = np.minimum(np.ceil(box.max(0)).astype(int) + 1, image.shape[::-1])
    if right <= left or bottom <= top:
        return
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])  # corners are pixel edges, the centres half a pixel in
    move = np.linalg.inv(np.array([[1, 0, left + 0.5], [0, 1, top + 0.5], [0, 0, 1.0]])) @ matrix @ half
    size = int(right - left), int(bottom - top)
    seen = cv2.warpPerspective(part, move, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    cover = cv2.warpPerspective(alpha, move, size, flags=cv2.INTER_LINEAR).astype(np.float32) / 255
    region = image[top:bottom, left:right]
    region[:] = (region + cover * (seen.astype(np.float32) - region)).astype(np.uint8)
