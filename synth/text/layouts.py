"""Whole pictures of what single lines do not show: displays, tables, paragraphs, prices, counters, bibs, spaced
digits, faint numbers in dark windows.

Their texts stand close to each other as on real things, so that a locator learns where one string ends and the next
begins. `sample_layout` throws the dice; `synth.text.scene.render_scene` does the work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from synth.effects import sample_effects
from synth.grounds import Ground, sample_ground
from synth.shapes import sample_shape
from synth.text.glyphs import sample_dot_face, sample_segment_face
from synth.text.icons import ICONS, sample_icon_face
from synth.text.line import Line
from synth.text.sampling import sample_display, sample_drum, sample_line
from synth.text.scene import (
    Item,
    Panel,
    Scene,
    can_draw,
    extent_of,
    on_paper,
    placed,
    plain_word,
    put,
    sample_world,
    touch,
    view_of,
)
from synth.text.strings import digits, sample_digits
from synth.warp import sample_warp

Rng = np.random.Generator

EM = 40  # pixels per em at which most lines are set
DROPS = set("gjpqyQ,;")  # characters that reach below the base line

UNITS = (
    "kg", "g", "lb", "oz", "mmHg", "SYS", "DIA", "PULSE", "bpm", "PR", "SpO2", "km", "mph", "rpm", "TRIP", "ODO", "kWh",
    "m3", "L", "LITRES", "V", "A", "W", "Hz", "C", "F", "TEMP", "SET", "MAX", "MIN", "AM", "PM", "min", "EUR", "TOTAL",
)  # fmt: skip


@dataclass(frozen=True)
class Sheet:
    """Items on one surface, in pixels from anywhere, and the surface's ground and gray value."""

    items: tuple[Item, ...]
    ground: Ground
    value: float


def shifted(item: Item, dx: float, dy: float) -> Item:
    """The item moved by whole pixels, with the window in which it stands."""
    dx, dy = round(dx), round(dy)

    def there(box: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(np.add(box, (dx, dy, dx, dy)).tolist())

    screen = None if item.screen is None else there(item.screen)
    return replace(item, x=item.x + dx, y=item.y + dy, box=there(item.box), screen=screen)


def ending_at(item: Item, right: float | None = None, bottom: float | None = None) -> Item:
    """The item moved so that its ink ends there."""
    dx = 0 if right is None else right - item.box[2]
    return shifted(item, dx, 0 if bottom is None else bottom - item.box[3])


def sample_number(rng: Rng) -> str:
    """As instruments show them: mostly two or three digits, many with a point, some the time, a 1 often at an end."""
    chance = rng.random()
    if chance < 0.45:
        text = digits(rng, 2, 3)
    elif chance < 0.6:
        text = digits(rng, 1, 7)
    elif chance < 0.8:
        text = f"{digits(rng, 1, 4)}.{digits(rng, 1, 2)}"
    elif chance < 0.87:
        text = f"{rng.integers(24)}:{rng.integers(60):02d}"
    else:
        text = sample_digits(rng)
    text = "1" + text[1:] if rng.random() < 0.15 else text
    return text[:-1] + "1" if rng.random() < 0.1 else text


def one_of(rng: Rng, choices):
    """Any of them."""
    return choices[int(rng.integers(len(choices)))]


def word_line(rng: Rng, split: str, like: Line | None = None, upper: bool = False) -> Line:
    """A printed word; in the hand of another line where its face has the letters."""
    word = plain_word(rng)
    word = word.upper() if upper else word
    if like is not None and can_draw(like, word):
        return replace(like, text=word, drum=None)
    return sample_line(rng, "characters", split, kind="print", text=word)


def calm(line: Line, tightest: float = -0.03, widest: float = 0.1) -> Line:
    """The line straight and about as wide as its face has it, so that the gaps on the sheet tell strings apart."""
    return replace(line, bend=0.0, spacing=float(np.clip(line.spacing, tightest, widest)))


# --- kinds of sheets


def display(rng: Rng, split: str) -> Sheet:
    """Numbers under each other on a liquid crystal or lit display, with small units and labels beside them."""
    style = sample_display(rng)
    face = sample_segment_face(rng) if rng.random() < 0.8 else sample_dot_face(rng)
    place = int(rng.integers(512)), int(rng.integers(1024))
    lead = Line("0", face, style, sample_ground(rng, abs(style.ink - style.paper)), place=place)
    label = word_line(rng, split)
    label = replace(label, style=replace(label.style, ink=style.ink, paper=style.paper))
    signs = icon_line(rng, label)
    wide = rng.random() < 0.2
    right = EM * rng.uniform(1.5, 5) if rng.random() < 0.6 else None
    items, top, gap = [], 0.0, EM * rng.uniform(0.12, 0.55)
    for _ in range(int(rng.choice([1, 2, 3, 4], p=[0.3, 0.25, 0.3, 0.15]))):
        em = EM if rng.random() < 0.7 else int(EM * rng.choice([0.5, 0.7]))
        spacing = float(rng.uniform(0.1, 0.5)) if wide else 0.0
        item = put(replace(lead, text=sample_number(rng), spacing=spacing), em, 0, top)
        if item is not None:
            item = ending_at(item, right)
            small = decimals(rng, item)
            ink = joined(item, small) if small else item
            items += [item, *([small] if small else []), *beside(rng, ink, label, lead, signs)]
            top = max(i.box[3] for i in items) + gap
    return Sheet(tuple(items), lead.ground, style.paper)


def decimals(rng: Rng, item: Item) -> Item | None:
    """Smaller digits behind a number's point, as meters and scales show them at its foot or its head; rarely any.

    The point is always drawn: without one a reader takes the unit of a display for its decimals.
    """
    if rng.random() > 0.1 or not item.line.text.isdigit():
        return None
    em = max(10, int(item.em * rng.uniform(0.45, 0.85)))
    text = "." + digits(rng, 1, 3)
    small = put(replace(item.line, text=text), em, item.box[2] + item.em * rng.uniform(0.02, 0.25), item.box[1])
    if small is None:
        return None
    return replace(ending_at(small, bottom=item.box[3] if rng.random() < 0.85 else None), continues=True)


def joined(item: Item, small: Item) -> Item:
    """The item as large as both together."""
    x0, y0, x1, y1 = np.array([item.box, small.box]).T
    return replace(item, box=(x0.min(), y0.min(), x1.max(), y1.max()))


def icon_line(rng: Rng, like: Line) -> Line:
    """One or two pictograms in the ink of another line."""
    text = "".join(one_of(rng, ICONS) for _ in range(int(rng.integers(1, 3))))
    return replace(like, text=text, face=sample_icon_face(rng), bend=0.0)


def beside(rng: Rng, item: Item, label: Line, lead: Line, signs: Line) -> list[Item]:
    """What may stand in a display's row: a unit on the right, a label or a sign on the left, a second number."""
    found: list[Item | None] = []
    x0, top, x1, bottom = item.box
    if rng.random() < 0.5:
        small = max(10, int(item.em * rng.uniform(0.22, 0.5)))
        unit = put(replace(label, text=one_of(rng, UNITS)), small, x1 + item.em * rng.uniform(0.1, 0.5), top)
        found.append(unit and ending_at(unit, bottom=bottom if rng.random() < 0.6 else None))
    if rng.random() < 0.3:
        small = max(10, int(item.em * rng.uniform(0.22, 0.45)))
        name = put(replace(label, text=one_of(rng, UNITS)), small, 0, top)
        found.append(name and ending_at(name, x0 - item.em * rng.uniform(0.15, 0.6)))
    elif rng.random() < 0.3:
        sign = put(signs, int(item.em * rng.uniform(0.3, 1.0)), 0, top)
        found.append(sign and ending_at(sign, x0 - item.em * rng.uniform(0.15, 0.6)))
    if rng.random() < 0.12:
        most = max(i.box[2] for i in [item, *filter(None, found)])
        found.append(put(replace(lead, text=sample_number(rng)), item.em, most + item.em * rng.uniform(0.7, 2), top))
    return [i for i in found if i is not None]


def table(rng: Rng, split: str) -> Sheet:
    """Numbers in columns, as on a ticket, a price list or a timetable; some with names in front."""
    lead = calm(sample_line(rng, "digits", split, kind=one_of(rng, ("print", "print", "print", "dots", "plate"))))
    rows, widths = int(rng.integers(2, 7)), EM * rng.uniform(1.2, 4, int(rng.integers(1, 5)))
    across, down = EM * rng.uniform(0.45, 1.8), EM * rng.uniform(0.18, 0.9)
    flush, named = rng.random() < 0.6, rng.random() < 0.4
    items: list[Item] = []
    top = 0.0
    for _ in range(rows):
        row = table_row(rng, split, lead, (widths, across, top), flush, named)
        items += row
        top = max([i.box[3] for i in row], default=top) + down
    return Sheet(tuple(items), lead.ground, lead.style.paper)


def table_row(rng: Rng, split: str, lead: Line, layout: tuple, flush: bool, named: bool) -> list[Item]:
    """A row of a table; `layout`: widths of the columns, gap between them, the row's top."""
    widths, across, top = layout
    items, x = [], 0.0
    for column, width in enumerate(widths):
        first = named and column == 0
        line = word_line(rng, split, lead) if first else replace(lead, text=sample_number(rng))
        item = put(line, EM, x, top) if rng.random() < 0.92 else None
        if item is not None:
            width = max(width, item.box[2] - item.box[0])
            items.append(ending_at(item, x + width) if flush and not first else item)
        x += width + across
    return items


def paragraph(rng: Rng, split: str) -> Sheet:
    """Lines of words at word gaps, as on signs and pages."""
    kind = "print" if rng.random() < 0.8 else None
    lead = calm(sample_line(rng, "characters", split, kind=kind, text=plain_word(rng)))
    between = EM * rng.uniform(0.14, 0.6)
    space = rng.uniform(0.2, 0.5) + max(0.0, lead.spacing)
    upper, centred = rng.random() < 0.4, rng.random() < 0.4
    items: list[Item] = []
    top = 0.0
    for _ in range(int(rng.integers(1, 7))):
        em = EM if rng.random() < 0.8 else int(EM * rng.choice([0.6, 1.4]))
        row = words_in_row(rng, split, lead, em, top, space * em, upper)
        middle = max([i.box[2] for i in row], default=0.0) / 2 if centred else 0.0
        items += [shifted(i, -middle, 0) for i in row]
        top = max([i.box[3] for i in row], default=top) + between
    return Sheet(tuple(items), lead.ground, lead.style.paper)


def words_in_row(rng: Rng, split: str, lead: Line, em: int, top: float, space: float, upper: bool) -> list[Item]:
    """One to five words on one base line, a few of them numbers."""
    items, x = [], 0.0
    for _ in range(int(rng.integers(1, 6))):
        number = rng.random() < 0.15
        line = replace(lead, text=sample_number(rng)) if number else word_line(rng, split, lead, upper)
        item = put(replace(line, style=lead.style, spacing=lead.spacing), em, x, top)
        if item is None:
            continue
        stands = not DROPS & set(line.text) and item.box[3] - item.box[1] < 0.9 * em
        items.append(ending_at(item, bottom=top + 0.74 * em) if stands else item)
        x = item.box[2] + space
    return items


def spaced(rng: Rng, split: str) -> Sheet:
    """Numbers whose digits stand far apart, most of them written by hand."""
    lead = sample_line(rng, "digits", split, kind="hand" if rng.random() < 0.7 else "print")
    spacing = float(rng.uniform(0.15, 1.3))
    lead = replace(lead, spacing=spacing, bend=0.0)
    items: list[Item] = []
    top = 0.0
    for _ in range(int(rng.integers(1, 5))):
        item = put(replace(lead, text=digits(rng, 3, 11)), EM, EM * rng.uniform(0, 0.5), top)
        if item is not None:
            items.append(item)
            top = item.box[3] + EM * rng.uniform(0.5, 0.8) * max(0.6, spacing + 0.3)
    return Sheet(tuple(items), lead.ground, lead.style.paper)


def price(rng: Rng, split: str) -> Sheet:
    """A large price with small raised cents, and small print around it."""
    lead = calm(sample_line(rng, "digits", split, kind="print"), widest=0.05)
    lead = replace(lead, wobble=0.0)
    em, small = int(EM * rng.uniform(1.4, 2.4)), rng.uniform(0.4, 0.7)
    whole = put(replace(lead, text=digits(rng, 1, 3)), em, 0, 0)
    if whole is None:
        return Sheet((), lead.ground, lead.style.paper)
    edge = whole.box[2] + em * rng.uniform(0.03, 0.1)
    point = one_of(rng, ("", "", "", ".", ","))  # read as one, whether it is printed or not
    cents = put(replace(lead, text=point + digits(rng, 2, 2)), max(12, int(em * small)), edge, whole.box[1])
    items = [whole, cents and replace(cents, continues=True)]
    for _ in range(int(rng.integers(0, 5))):
        word = rng.random() < 0.6
        line = word_line(rng, split, upper=rng.random() < 0.7) if word else replace(lead, text=sample_number(rng))
        em = int(EM * rng.uniform(0.4, 0.9))
        items.append(put(replace(line, style=lead.style), em, -EM * rng.uniform(2, 7), EM * rng.uniform(-1, 3)))
    return Sheet(tuple(i for i in items if i is not None), lead.ground, lead.style.paper)


def counter(rng: Rng, split: str) -> Sheet:
    """The wheels of a meter with its unit and serial number around."""
    lead, label = sample_drum(rng, split, digits(rng, 4, 8)), word_line(rng, split)
    wheels = put(lead, EM, 0, 0)
    if wheels is None:
        return Sheet((), label.ground, 128.0)
    x0, top, x1, bottom = wheels.box
    items: list[Item | None] = [wheels]
    for _ in range(int(rng.integers(0, 4))):
        text = one_of(rng, UNITS) if rng.random() < 0.6 else digits(rng, 3, 8)
        em, along = max(12, int(EM * rng.uniform(0.3, 0.8))), x0 + EM * rng.uniform(0, 2)
        beyond = EM * rng.uniform(0.5, 1.2)
        where = ((x1 + beyond, top), (along, bottom + beyond), (along, top - 2 * beyond))
        items.append(put(replace(label, text=text), em, *one_of(rng, where)))
    return Sheet(tuple(i for i in items if i is not None), label.ground, float(rng.uniform(20, 240)))


def window(rng: Rng, split: str) -> Sheet:
    """A number far back in a dark window, faint and with wide gaps as on pumps and tills, and words on the panel."""
    style = sample_display(rng)
    if rng.random() < 0.7:
        paper = float(rng.uniform(22, 110))
        style = replace(style, paper=paper, ink=max(0.0, paper - float(rng.uniform(12, 50))))
    face = replace(sample_segment_face(rng), pitch=float(rng.uniform(1.4, 2.4)))
    place = int(rng.integers(512)), int(rng.integers(1024))
    text = f"{digits(rng, 1, 4)}.{digits(rng, 1, 2)}" if rng.random() < 0.7 else sample_number(rng)
    line = Line(text, face, style, sample_ground(rng, abs(style.ink - style.paper)), place=place)
    frame = EM * np.array([rng.uniform(0.1, 3), *rng.uniform(0.08, 0.5, 3)])
    label = word_line(rng, split, upper=rng.random() < 0.7)
    shown = put(line, EM, 0, 0, frame)
    items = [] if shown is None or shown.screen is None else [shown]
    for _ in range(int(rng.integers(0, 3)) if items else 0):
        x0, top, x1, bottom = items[0].screen or items[0].box
        em = int(EM * rng.uniform(0.35, 0.9))
        text = one_of(rng, UNITS) if rng.random() < 0.6 else plain_word(rng).upper()
        what = icon_line(rng, label) if rng.random() < 0.3 else replace(label, text=text)
        x, y = rng.uniform(x0, max(x0 + 1, x1 - 2 * em)), one_of(rng, (bottom + 0.3 * em, top - 1.5 * em))
        items += [i for i in [put(what, em, x, y)] if i is not None]
    return Sheet(tuple(items), label.ground, float(rng.uniform(60, 245)))


def bib(rng: Rng, split: str) -> Sheet:
    """A large number with small words above and below."""
    lead = calm(sample_line(rng, "digits", split, kind=one_of(rng, ("print", "plate"))), widest=0.12)
    number = put(replace(lead, text=digits(rng, 1, 5)), int(EM * rng.uniform(1.6, 2.6)), 0, 0)
    if number is None:
        return Sheet((), lead.ground, lead.style.paper)
    items = [number]
    for above in (True, False):
        if rng.random() < 0.6:
            em, x = max(12, int(EM * rng.uniform(0.35, 0.8))), number.box[0] + EM * rng.uniform(-0.5, 1)
            y = number.box[1] - em * rng.uniform(1.1, 1.8) if above else number.box[3] + em * rng.uniform(0.25, 0.8)
            items += [shifted(i, x, 0) for i in words_in_row(rng, split, lead, em, y, 0.4 * em, rng.random() < 0.6)]
    return Sheet(tuple(items), lead.ground, lead.style.paper)


Draw = Callable[[Rng, str], Sheet]
SHEETS: tuple[Draw, ...] = (
    display, display, window, window, table, paragraph, spaced, spaced, price, counter, counter, bib,
)  # fmt: skip

# --- the picture


def sample_layout(
    rng: Rng, split: str, size: tuple[int, int] = (480, 640), strength: float = 0.7, sheets: Sequence[Draw] = SHEETS
) -> Scene:
    """A scene of `size` (height, width) with one to three of some kinds of sheets; one in eight is dark."""
    world, dark = sample_world(rng), rng.random() < 0.12
    if dark:
        world = replace(world, kind="plain", contrast=4.0)
    panels, taken = list[Panel](), list[np.ndarray]()
    for _ in range(int(rng.integers(1, 4))):
        sheet = one_of(rng, sheets)(rng, split)
        panel = panel_of(rng, sheet, size, dark) if sheet.items else None
        where = panel and placed(rng, panel, (0, 0, size[1], size[0]), taken)
        if where:
            panels.append(where)
            taken.append(extent_of(where))
    value = rng.uniform(0, 25) if dark else rng.uniform(20, 235)
    shapes = tuple(sample_shape(rng) for _ in range(int(rng.exponential(3.0))))
    effects = sample_effects(rng, strength, height=float(rng.uniform(14, 28)))
    return Scene(size, "characters", world, float(value), shapes, tuple(panels), effects)


def panel_of(rng: Rng, sheet: Sheet, size: tuple[int, int], dark: bool) -> Panel:
    """The sheet as a panel seen from somewhere, at most nine tenths of a picture of `size` (height, width)."""
    edges = EM * rng.uniform(0.1, 1.0, 4)
    items = apart(sheet.items)
    boxes = np.array([item.screen or item.box for item in items])
    low, high = boxes[:, :2].min(0), boxes[:, 2:].max(0)
    items = [shifted(item, *(edges[:2] - low)) for item in items]
    value = min(sheet.value, 40.0) if dark and sheet.value < 60 else sheet.value
    items = [i if i.line.drum or i.screen else replace(i, line=on_paper(i.line, value)) for i in items]
    wide, tall = np.round(high - low + edges[:2] + edges[2:]).astype(int).tolist()
    painted = rng.random() < 0.15 and not any(item.line.drum or item.screen for item in items)
    return Panel(
        tuple(items),
        (tall, wide),
        view_of(sample_warp(rng, 0.9), (tall, wide), sample_scale(rng, (tall, wide), size)),
        None if painted else sheet.ground,
        value,
        (float(rng.uniform(0, 255)), float(rng.uniform(1, 0.2 * EM))) if rng.random() < 0.4 else None,
        bool(rng.random() < 0.2),
        float(rng.uniform(45, 220)) * (1 if rng.random() < 0.5 else -1),
    )


def sample_scale(rng: Rng, panel: tuple[int, int], size: tuple[int, int]) -> float:
    """How much a panel of so many pixels (height, width) is enlarged in a picture of `size`."""
    most = 0.9 * min(size[0] / panel[0], size[1] / panel[1])
    scale = most * np.exp(rng.uniform(np.log(0.3), 0)) if most < 2.5 else rng.uniform(0.5, 2.2)
    return float(min(scale, 2.2))


def apart(items: tuple[Item, ...]) -> list[Item]:
    """The items without those that touch an earlier one of another string."""
    kept: list[Item] = []
    for item in items:
        box = np.array(item.box)
        others = kept[:-1] if item.continues else kept
        if not any(touch(box, np.array(other.box)) for other in others):
            kept.append(item)
    return kept
