"""Whole pictures with lines of text in them, for locators: on signs, paper, displays, meters, or painted on the world.

`sample_scene` throws the dice (and measures text, so that nothing overlaps); `render_scene` does the work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from synth.effects import Effects, apply_effects, sample_effects
from synth.grounds import Ground, lay, photo_window, sample_ground
from synth.shapes import Shape, draw_shape, sample_shape
from synth.text.fonts import ALPHABET, DIGITS, LOWER
from synth.text.glyphs import DotFace, SegmentFace
from synth.text.ink import paint_on
from synth.text.line import Line
from synth.text.sampling import sample_line
from synth.text.strings import cased, legible, sample_word, words
from synth.text.typeset import Setting, set_line
from synth.warp import Warp, apply_warp, moved, sample_warp, warp_image, warp_points

Rng = np.random.Generator

LADDER = (20, 28, 40, 56, 80, 112, 160, 224, 320, 448)  # ems at which text is set before it is scaled down to size
CAPITAL = 0.72  # of an em: a usual capital's height
MODES = {"digits": DIGITS + ".-:", "characters": ALPHABET, "lines": ALPHABET + ".-:"}


@dataclass(frozen=True)
class Item:
    """A line on a panel: its mask's top left, and its ink's box (x0, y0, x1, y1), in pixels of the panel.

    `screen`: the box of the display or window in which the line stands, where it has one. `continues`: whether it is
    read as one string with the item before, behind a point: the raised cents of a price.
    """

    line: Line
    em: int
    x: int
    y: int
    box: tuple[float, ...]
    screen: tuple[float, ...] | None = None
    continues: bool = False

    @property
    def pad(self) -> int:
        return self.em // 4


@dataclass(frozen=True)
class Panel:
    """A flat thing with text: sign, sheet, display; or, without `ground`, text on the world itself.

    `matrix`: the homography, row by row, from the panel to the picture. `contrast`: for text on the world, how many
    gray values its ink differs from what is there.
    """

    items: tuple[Item, ...]
    size: tuple[int, int]
    matrix: tuple[float, ...]
    ground: Ground | None
    value: float = 0.0
    edge: tuple[float, float] | None = None  # gray value and width in pixels of a frame
    round: bool = False
    contrast: float = 0.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @property
    def homography(self) -> np.ndarray:
        return np.reshape(self.matrix, (3, 3))


@dataclass(frozen=True)
class Scene:
    """A picture of `size` (height, width): the world, things in it, panels with text, and what the camera did."""

    size: tuple[int, int]
    mode: str
    world: Ground
    value: float
    shapes: tuple[Shape, ...]
    panels: tuple[Panel, ...]
    effects: Effects
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)


# --- dice


def sample_scene(
    rng: Rng,
    mode: str,
    split: str,
    size: tuple[int, int] = (480, 640),
    strength: float = 0.75,
    lines: tuple[int, int] = (0, 8),
) -> Scene:
    """`lines`: least and most lines of text; one scene in eight has none where none is allowed."""
    world = sample_world(rng)
    few = lines[0] if lines[0] else int(rng.random() > 0.12)
    wanted = int(rng.integers(few, lines[1] + 1)) if few and lines[1] else 0
    return Scene(
        size,
        mode,
        world,
        float(rng.uniform(20, 235)),
        tuple(sample_shape(rng) for _ in range(int(rng.exponential(2.0)))),
        tuple(sample_panels(rng, mode, split, size, wanted)),
        sample_effects(rng, strength, height=float(rng.uniform(16, 30))),
        tuple(rng.uniform(0.85, 1.0, 3).tolist()),
    )


def sample_world(rng: Rng) -> Ground:
    """What lies behind everything: a photograph most often, or a coarse surface."""
    world = replace(sample_ground(rng, rng.uniform(40, 255)), scale=float(np.exp(rng.uniform(-0.9, 0))))
    if rng.random() < 0.62:
        return replace(world, kind="photo")
    return world if world.kind == "photo" else replace(world, scale=float(np.exp(rng.uniform(1, 5))))


def sample_panels(rng: Rng, mode: str, split: str, size: tuple[int, int], wanted: int) -> list[Panel]:
    """Panels that do not touch each other, with about `wanted` lines in all; fewer where there is no room."""
    panels, taken, count = list[Panel](), list[np.ndarray](), 0
    for _ in range(3 * wanted):
        if count >= wanted:
            break
        panel = sample_panel(rng, mode, split, size, wanted - count)
        where = None if panel is None else placed(rng, panel, (0, 0, size[1], size[0]), taken)
        if where is not None:
            panels.append(where)
            taken.append(extent_of(where))
            count += len(where.items)
    return panels


def sample_panel(rng: Rng, mode: str, split: str, size: tuple[int, int], most: int) -> Panel | None:
    """A panel with 1 to `most` lines, not placed yet; None where no line can be drawn."""
    tall = sample_height(rng, size)
    on_world = rng.random() < 0.3
    rows = 1 if on_world else int(rng.integers(1, 4))
    items, extent = arranged(rng, mode, split, em_for(tall), min(rows, most), most)
    return panel_of(rng, items, extent, tall, on_world) if items else None


def em_for(tall: float) -> int:
    """The em at which capitals `tall` pixels high are set, a little larger than needed."""
    return next((step for step in LADDER if step >= tall / CAPITAL), LADDER[-1])


def panel_of(rng: Rng, items: list[Item], extent: tuple[int, int], tall: float, on_world: bool) -> Panel:
    """The items on one surface of `extent` (height, width), or on the world; capitals are `tall` pixels high."""
    lead = items[0].line
    value = lead.style.paper if items[0].screen is None else float(rng.uniform(0, 255))
    em = items[0].em
    return Panel(
        tuple(item if item.screen else replace(item, line=on_paper(item.line, value)) for item in items),
        extent,
        view_of(sample_warp(rng, 0.9), extent, tall / CAPITAL / em),
        None if on_world and lead.drum is None and not items[0].screen else lead.ground,
        value,
        (float(rng.uniform(0, 255)), float(rng.uniform(1, 0.2 * em))) if rng.random() < 0.3 else None,
        bool(rng.random() < 0.15),
        float(rng.uniform(45, 220)) * (1 if rng.random() < 0.5 else -1),
        tuple(rng.uniform(0.45, 1.0, 3).tolist()) if rng.random() < 0.5 else (1.0, 1.0, 1.0),
    )


def sample_height(rng: Rng, size: tuple[int, int]) -> float:
    """Pixels of a capital: log-uniform, mostly 12 to 80 in a picture 480 high, at most 300 there."""
    low, high = (12, 80) if rng.random() < 0.85 else (80, 300)
    return float(np.exp(rng.uniform(np.log(low), np.log(high)))) * max(size[0] / 480, 0.5)


def arranged(rng: Rng, mode: str, split: str, em: int, rows: int, most: int) -> tuple[list[Item], tuple[int, int]]:
    """Items in rows, words beside each other, and the (height, width) of the panel that holds them."""
    items, y, right = list[Item](), em * rng.uniform(0.1, 0.8), 0.0
    margin = em * rng.uniform(0.15, 1.0)
    for _ in range(rows):
        x, below = margin, y
        lead = sample_scene_line(rng, mode, split)
        for line in row_of(rng, lead, int(rng.choice([1, 1, 1, 2, 3])), most - len(items)):
            item = put(line, em, x, y, sample_frame(rng, line, em))
            if item is not None:
                items.append(item)
                _, _, end, low = item.screen or item.box
                x, below = end + em * rng.uniform(0.3, 0.8), max(below, low)
        right, y = max(right, x), below + em * rng.uniform(0.15, 0.8)
    return items, (round(y), round(right + margin))


def sample_scene_line(rng: Rng, mode: str, split: str) -> Line:
    """A line; where digits are looked for, one in four is a word, which is not to be found."""
    if mode == "digits" and rng.random() < 0.25:
        return sample_line(rng, "characters", split, text=plain_word(rng))
    return sample_line(rng, mode, split)


def plain_word(rng: Rng) -> str:
    """A word without digits."""
    word = sample_word(rng)
    return cased(rng, words()[int(rng.integers(len(words())))]) if set(word) & set(DIGITS) else word


def row_of(rng: Rng, lead: Line, count: int, most: int) -> list[Line]:
    """The line and words in the same hand beside it."""
    if lead.drum is not None:
        return [lead]
    others = [plain_word(rng) for _ in range(min(count, most) - 1)]
    if not any(char in LOWER for char in lead.text):
        others = [word.upper() for word in others]
    return [lead, *(replace(lead, text=word) for word in others if can_draw(lead, word))]


def can_draw(line: Line, word: str) -> bool:
    """Whether the line's face has all of the word's letters."""
    return all(line.face.glyph(char, LADDER[0]) is not None for char in legible(word, ALPHABET))


def sample_frame(rng: Rng, line: Line, em: int) -> np.ndarray | None:
    """How far the display around lit or liquid digits reaches, in pixels to each side; None where it is the panel."""
    if not isinstance(line.face, SegmentFace | DotFace) or rng.random() < 0.35:
        return None
    frame = rng.uniform(0.1, 0.6, 4) * em
    if rng.random() < 0.4:  # digits stand on the right of a window for more of them
        frame[0] += rng.uniform(0, 2.5) * em
    return frame


def put(line: Line, em: int, x: float, y: float, frame: np.ndarray | None = None) -> Item | None:
    """The line as an item that begins at (x, y), with its frame; None where its face can draw nothing of it."""
    try:
        setting = set_line(line, em // 4, em)
    except ValueError:
        return None
    room = np.zeros(4) if frame is None else frame
    box = setting.box
    left, top = round(float(x + room[0] - box[0])), round(float(y + room[1] - box[1]))
    box = box + np.array([left, top, left, top])
    screen = None if frame is None else tuple((box + room * [-1, -1, 1, 1]).tolist())
    return Item(line, em, left, top, tuple(box.tolist()), screen)


def on_paper(line: Line, value: float) -> Line:
    """The line as it stands on paper of another gray value: the same contrast, turned round where there is no room."""
    apart = line.style.ink - line.style.paper
    ink = value + apart if 0 <= value + apart <= 255 else value - apart
    return replace(line, style=replace(line.style, paper=value, ink=float(np.clip(ink, 0, 255))))


def view_of(warp: Warp, size: tuple[int, int], scale: float) -> tuple[float, ...]:
    """The panel's homography before it is moved to its place."""
    matrix = np.diag([scale, scale, 1.0]) @ apply_warp(warp, size)
    return tuple(matrix.ravel().tolist())


def placed(rng: Rng, panel: Panel, area: tuple[float, ...], taken: Sequence[np.ndarray]) -> Panel | None:
    """The panel moved to where its text is inside the area (x0, y0, x1, y1) and on nothing else; None without room."""
    ink = np.concatenate([warp_points(quad_of(item.box), panel.homography) for item in panel.items])
    low, high = ink.min(0), ink.max(0)
    room = np.array(area[2:]) - np.array(area[:2]) - (high - low)
    if (room < 4).any():
        return None
    for _ in range(8):
        move = rng.uniform(2, room - 2) - low + area[:2]
        matrix = moved(*move) @ panel.homography
        here = replace(panel, matrix=tuple((matrix / matrix[2, 2]).ravel().tolist()))
        if not any(touch(extent_of(here), other) for other in taken):
            return here
    return None


def quad_of(box: Sequence[float] | np.ndarray) -> np.ndarray:
    """The corners (4, 2) of a box (x0, y0, x1, y1)."""
    x0, y0, x1, y1 = box
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])


def extent_of(panel: Panel) -> np.ndarray:
    """The box (x0, y0, x1, y1) of the panel in the picture."""
    height, width = panel.size
    corners = warp_points(np.array([[0, 0], [width, 0], [width, height], [0, height]]), panel.homography)
    return np.concatenate([corners.min(0), corners.max(0)])


def touch(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two boxes (x0, y0, x1, y1) are less than two pixels apart."""
    return bool((a[:2] < b[2:] + 2).all() and (b[:2] < a[2:] + 2).all())


# --- work


def render_scene(
    scene: Scene, backgrounds: Sequence[np.ndarray] = (), colour: bool = False
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """The picture uint8 gray (H, W), or BGR with `colour`; corners of its text float32 (n, 4, 2); the texts."""
    image = world_of(scene, backgrounds)
    for shape in scene.shapes:
        draw_shape(image, shape)
    quads, texts = [], []
    for panel in scene.panels:
        for quad, text in draw_panel(image, panel, scene.mode, backgrounds):
            quads.append(quad)
            texts.append(text)
    image = tinted(image, scene) if colour else image
    found = np.array(quads, np.float32).reshape(-1, 4, 2)
    return apply_effects(image, scene.effects), found, texts


def world_of(scene: Scene, backgrounds: Sequence[np.ndarray]) -> np.ndarray:
    """What is behind everything: a photograph as it is, or a surface."""
    if scene.world.kind == "photo" and len(backgrounds):
        return photo_window(scene.world, scene.size, backgrounds).copy()
    return np.clip(lay(scene.world, scene.size, scene.value), 0, 255).astype(np.uint8)


def draw_panel(image: np.ndarray, panel: Panel, mode: str, backgrounds) -> list[tuple[np.ndarray, str]]:
    """Draw into the picture; corners and text of each line that the mode looks for."""
    settings = [set_line(item.line, item.pad, item.em) for item in panel.items]
    if panel.ground is None:
        for item, setting in zip(panel.items, settings, strict=True):
            _on_world(image, panel, item, setting)
    else:
        _lay_over(image, _surface(panel, panel.ground, settings, backgrounds), _outline(panel), panel.homography)
    strings = strings_of(panel.items, [setting.text for setting in settings])
    said = [(warp_points(quad_of(box), panel.homography), legible(text, MODES[mode])) for box, text in strings]
    return [(quad, text) for quad, text in said if text]


def strings_of(items: Sequence[Item], texts: Sequence[str]) -> list[tuple[np.ndarray, str]]:
    """Box (x0, y0, x1, y1) and text of each string: of an item, or of several that continue each other."""
    strings: list[tuple[np.ndarray, str]] = []
    for item, text in zip(items, texts, strict=True):
        box = np.array(item.box)
        if item.continues:
            before, said = strings.pop()
            box = np.concatenate([np.minimum(before, box)[:2], np.maximum(before, box)[2:]])
            text = said + text if text[0] in ".," else f"{said}.{text}"
        strings.append((box, text))
    return strings


def _surface(panel: Panel, ground: Ground, settings: list[Setting], backgrounds) -> np.ndarray:
    """The panel's picture, uint8 of its size."""
    image = lay(ground, panel.size, panel.value, backgrounds)
    for item, setting in zip(panel.items, settings, strict=True):
        if item.screen:
            _screen(image, item, item.screen)
        height, width = setting.mask.shape
        top, left = max(0, -item.y), max(0, -item.x)
        view = image[max(0, item.y) : item.y + height, max(0, item.x) : item.x + width]
        part = cut(setting, top, left, view.shape)
        view[...] = paint_on(view, part, item.line)
    image = np.clip(image, 0, 255).astype(np.uint8)
    if panel.edge is not None:
        value, width = panel.edge
        cv2.rectangle(image, (0, 0), (panel.size[1] - 1, panel.size[0] - 1), value, max(1, round(width)))
    return image


def _screen(image: np.ndarray, item: Item, box: tuple[float, ...]) -> None:
    """The display's own surface, with a thin bright or dark edge."""
    x0, y0, x1, y1 = (max(0, round(edge)) for edge in box)
    image[y0:y1, x0:x1] = lay(item.line.ground, (y1 - y0, x1 - x0), item.line.style.paper)[: image.shape[0] - y0]
    edge = float(np.clip(item.line.style.paper + 60 * (-1) ** item.line.place[0], 0, 255))
    cv2.rectangle(image, (x0, y0), (x1, y1), edge, max(1, item.em // 28))


def cut(setting: Setting, top: int, left: int, size: tuple[int, int]) -> Setting:
    """The part of a setting's pictures from (top, left) of that size."""
    part = np.s_[top : top + size[0], left : left + size[1]]
    ghost, ink, paper = (None if x is None else x[part] for x in (setting.ghost, setting.ink, setting.paper))
    return replace(setting, mask=setting.mask[part], ghost=ghost, ink=ink, paper=paper)


def _outline(panel: Panel) -> np.ndarray:
    """Where the panel is: a mask uint8 of its size, with round corners for some."""
    mask = np.zeros(panel.size, np.uint8)
    height, width = panel.size
    radius = min(height, width) // 4 if panel.round else 0
    cv2.rectangle(mask, (radius, 0), (width - radius, height), 255, -1)
    if radius:
        cv2.rectangle(mask, (0, radius), (width, height - radius), 255, -1)
        for x in (radius, width - radius - 1):
            for y in (radius, height - radius - 1):
                cv2.circle(mask, (x, y), radius, 255, -1)
    return mask


def _region(matrix: np.ndarray, size: tuple[int, int], image: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns of the picture that something of `size`, seen through the matrix, can touch."""
    height, width = size
    corners = warp_points(np.array([[0, 0], [width, 0], [width, height], [0, height]]), matrix)
    (x0, y0), (x1, y1) = np.floor(corners.min(0)), np.ceil(corners.max(0))
    rows = slice(int(np.clip(y0, 0, image.shape[0])), int(np.clip(y1, 0, image.shape[0])))
    return rows, slice(int(np.clip(x0, 0, image.shape[1])), int(np.clip(x1, 0, image.shape[1])))


def _lay_over(image: np.ndarray, surface: np.ndarray, mask: np.ndarray, matrix: np.ndarray) -> None:
    rows, columns = _region(matrix, mask.shape, image)
    view = image[rows, columns]
    if not view.size:
        return
    local = moved(-columns.start, -rows.start) @ matrix
    seen = warp_image(surface, local, view.shape)
    alpha = warp_image(mask, local, view.shape, border=0)
    cv2.subtract(view, cv2.multiply(view, alpha, scale=1 / 255), dst=view)
    cv2.add(view, cv2.multiply(seen, alpha, scale=1 / 255), dst=view)


def _on_world(image: np.ndarray, panel: Panel, item: Item, setting: Setting) -> None:
    """Ink straight on what is there, lighter or darker than that by the panel's contrast."""
    matrix = panel.homography @ moved(item.x, item.y)
    rows, columns = _region(matrix, setting.mask.shape, image)
    view = image[rows, columns]
    if not view.size:
        return
    local = moved(-columns.start, -rows.start) @ matrix
    mean, deviation = (float(value[0, 0]) for value in cv2.meanStdDev(view))
    apart = max(abs(panel.contrast), min(1.5 * deviation + 30, 120)) * (1 if panel.contrast > 0 else -1)
    ink = mean + apart if 0 <= mean + apart <= 255 else mean - apart
    line = replace(item.line, style=replace(item.line.style, ink=float(np.clip(ink, 0, 255)), paper=mean))
    mask = warp_image(setting.mask, local, view.shape, border=0)
    ghost = None if setting.ghost is None else warp_image(setting.ghost, local, view.shape, border=0)
    quad = warp_points(setting.quad, local)
    box = np.concatenate([quad.min(0), quad.max(0)])[None].astype(np.float32)
    view[...] = paint_on(view.astype(np.float32), Setting(setting.text, mask, box, ghost), line)


def tinted(image: np.ndarray, scene: Scene) -> np.ndarray:
    """The gray picture with the colours of the world and of its panels: uint8 BGR (H, W, 3)."""
    tints = np.empty((*image.shape, 3), np.float32)
    tints[...] = scene.tint
    for panel in scene.panels:
        height, width = panel.size
        corners = warp_points(np.array([[0, 0], [width, 0], [width, height], [0, height]]), panel.homography)
        if panel.ground is not None:
            cv2.fillConvexPoly(tints, np.round(corners).astype(np.int32), panel.tint, cv2.LINE_AA)
    return cv2.multiply(cv2.merge([image] * 3), tints, dtype=cv2.CV_8U)
