"""What the publishers of the sets state: what each is, who published it, under which terms."""

from __future__ import annotations

from typing import NamedTuple


class Terms(NamedTuple):
    """One set, or several that begin with one name."""

    what: str
    publisher: str
    terms: str


TERMS = {  # by the name of a set or what several begin with
    "plates/crops/europe": Terms("plates of about 40 European countries", "openalpr/train-detector", "AGPL-3"),
    "plates/crops/brazil": Terms("plates of Brazil", "openalpr/train-detector", "AGPL-3"),
    "plates/crops/us": Terms("plates of the United States", "openalpr/benchmarks", "AGPL-3"),
    "plates/crops/china": Terms("plates of China, cropped", "LPRNet_Pytorch", "Apache-2"),
    "plates/crops/taiwan": Terms("plates of Taiwan", "hermeschen1116", "none"),
    "plates/scenes/china": Terms("street and gate photographs of China", "EasyPR", "Apache-2"),
    "plates/scenes/brazil_gate": Terms("gate photographs of Brazil", "collected", "none"),
    "plates/crops/india_mixed": Terms("plates of India and others", "collected", "none"),
    "plates/scenes/world_boxes": Terms("photographs of cars, world-wide", "a Roboflow export", "MIT"),
    "characters/plate_glyphs": Terms("glyphs of plates, used as fonts", "openalpr/train-ocr", "AGPL-3"),
    "characters/chars74k": Terms("Chars74K, English photographs", "Chars74K", "research"),
    "characters/iiit5k_words": Terms("IIIT5K words and characters", "IIIT5K", "research"),
    "characters/handwriting": Terms("UNIPEN handwriting", "Zenodo 1195803", "CC BY 4.0"),
    "characters/handwritten_paper": Terms("characters written with a pen", "collected", "MIT"),
    "words/icdar15": Terms("ICDAR 2015 words", "Light-STR-Competition", "Apache-2 (code), research (ICDAR)"),
    "words/wire_labels": Terms("wire tags", "a fork of PaddleOCR", "Apache-2 (code)"),
    "words/photos": Terms("words on signs, maps, papers", "collected", "none"),
    "words/scenes_icdar15": Terms("photographs with words of ICDAR 2015", "collected", "research (ICDAR)"),
    "digits/meters": Terms("digits of meters", "haverland", "Apache-2"),
    "digits/lcd": Terms("LCD digits", "Kazuhito00", "Apache-2"),
    "displays/medical": Terms("medical displays", "a fork of PaddleOCR", "Apache-2 (code)"),
    "displays/energy": Terms("displays of electricity meters", "collected", "none"),
    "backgrounds/bsds500": Terms("pictures without text", "BSDS500", "research"),
    "backgrounds/dtd10": Terms("textures", "DTD", "research"),
    "backgrounds/imagenet1000": Terms("pictures without text", "ImageNet", "research"),
    "backgrounds/openalpr_neg_gray": Terms("pictures without plates", "openalpr/train-detector", "AGPL-3"),
    "public/": Terms("fetched by `python -m train prepare`", "as listed there", "as listed there"),
}


def terms_of(name: str) -> tuple[str, Terms] | None:
    """The entry of the table that a set falls under; None for one without terms of its own."""
    found = next((start for start in TERMS if name.startswith(start)), None)
    return None if found is None else (found, TERMS[found])
