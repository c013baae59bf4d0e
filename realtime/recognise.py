"""Read what was found: rectified crops through a reader or a classifier, decoded into texts with confidences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import ceil

import numpy as np

from realtime.contracts import Net
from realtime.decode.expect import OTHER, Expectation, both, normalised
from realtime.decode.search import Candidates, Prior, agreed, search, support
from realtime.preprocess import crop, expand, filled, fit, fit_square, frame_quad, straightened
from realtime.spec import ModelSpec
from realtime.values import Curve, Detection, Quad, Reading, Sighting

NOTHING = Reading("", ())
SURE, DOUBTFUL = 0.9, 0.005  # a reading between the two is worth test-time augmentation
MOST_SINGLE = 5  # single characters that stay candidates
# A whole picture is upside down where it is read so much surer that way, and likely right: 4 to 6 more of 100 tags that
# were photographed either way up, and no other text changes (train.validate's sets).
LIKELY, UPSIDE_DOWN = 0.5, 2.0
WIDTHS = 64, 96, 128  # columns that a reader of any width is given, where they are enough, and else all of them
BATCH = 4  # texts read in one go: 3 to 15 % less time for each than alone; 8 gain no more
# Test-time augmentation: wider across and along, turned by degrees, slanted by shares of the height.
AUGMENTATIONS = (
    (-0.06, -0.03, 0.0, 0.0), (0.08, 0.04, 0.0, 0.0), (0.0, 0.0, 3.0, 0.0), (0.0, 0.0, -3.0, 0.0),
    (0.0, 0.0, 0.0, 0.2), (0.0, 0.0, 0.0, -0.2), (0.05, 0.08, 7.0, 0.0), (0.05, 0.08, -7.0, 0.0),
)  # fmt: skip


def softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Probabilities along the last axis, after division by the temperature."""
    scaled = (logits - logits.max(-1, keepdims=True)) / temperature
    raised = np.exp(scaled)
    shares: np.ndarray = raised / raised.sum(-1, keepdims=True)
    return shares


def silenced(logits: np.ndarray, batch: np.ndarray, spec: ModelSpec) -> np.ndarray:
    """A reader's logits (n, steps, classes) with sure blanks over the padding of its inputs (n, height, width, 1).

    In training pictures alike in width are cut to the widest, so what a network says far behind a text means nothing.
    Steps that inputs narrower than the spec's lack are such blanks too: all answers have as many.
    """
    if spec.kind != "reader" or not spec.keep_aspect:
        return logits
    count, steps, classes = logits.shape
    quiet = np.full((count, steps * spec.width // batch.shape[2], classes), -SURE_BLANK, np.float32)
    quiet[..., -1] = SURE_BLANK
    for own, said, gray in zip(quiet, logits, batch[..., 0], strict=True):
        used = min(ceil(filled(gray) * steps / gray.shape[1]) + 1, steps)
        own[:used] = said[:used]
    return quiet


SURE_BLANK = 30.0  # logit


def logits_of(net: Net, crops: Sequence[np.ndarray], spec: ModelSpec) -> list[np.ndarray]:
    """What a network makes of each of its inputs, uint8 (height, width): logits over its classes, in order."""
    widths = [width_for(gray, spec) for gray in crops]
    found: dict[int, np.ndarray] = {}
    for numbers in batches(widths):
        batch = np.stack([crops[k][:, : widths[k]] for k in numbers])[..., None]
        found.update(zip(numbers, silenced(net(batch), batch, spec), strict=True))
    return [found[k] for k in range(len(crops))]


def width_for(gray: np.ndarray, spec: ModelSpec) -> int:
    """Columns of an input that a network is given: little padding, a step of it at least, where it takes any width."""
    if not spec.any_width:
        return spec.width
    least = filled(gray) + spec.width // spec.slots
    return next((width for width in WIDTHS if least <= width < spec.width), spec.width)


def batches(widths: Sequence[int]) -> Iterator[Sequence[int]]:
    """Numbers of inputs of one width in fours, the rest one by one: a network is planned anew for every shape."""
    for width in sorted(set(widths)):
        alike = [k for k, other in enumerate(widths) if other == width]
        whole = len(alike) - len(alike) % BATCH
        yield from (alike[k : k + BATCH] for k in range(0, whole, BATCH))
        yield from ([k] for k in alike[whole:])


def decode(probabilities: np.ndarray, spec: ModelSpec, prior: Prior | None = None) -> Reading:
    """The likeliest text of CTC probabilities (steps, classes), blank last, with the next likely ones."""
    return chosen(search(probabilities, spec.alphabet, prior))


def chosen(candidates: Candidates) -> Reading:
    """The first candidate as a reading: its confidence is its probability, a character's that of all that agree."""
    text, confidence = candidates[0]
    if not text:
        return replace(NOTHING, candidates=candidates)
    return Reading(text, support(text, candidates), confidence, candidates=candidates)


def classify(probabilities: np.ndarray, spec: ModelSpec, expected: Expectation | None = None) -> Reading:
    """One distribution over the alphabet and "none" as a reading of one character, or none."""
    names = [*spec.alphabet, ""]
    found = {name: float(p) for name, p in zip(names, probabilities, strict=True)}
    if expected:
        found = {name: p * (expected.weight(name) if name else expected.nothing) for name, p in found.items()}
    candidates = normalised(found, 1.0)
    (text, confidence), likeliest = candidates[0], candidates[:MOST_SINGLE]
    return Reading(text, (confidence,), confidence, candidates=likeliest) if text else NOTHING


def view(quad: Quad, across: float, along: float, degrees: float = 0.0, slant: float = 0.0) -> Quad:
    """The quadrilateral widened by shares of its height and width on each side, turned about its middle, slanted."""
    corners = expand(quad.array(), across, along)
    if slant:
        a, b, c, d = quad.array()
        lean = slant * quad.size[1] / max(quad.size[0], 1.0) * ((b - a) + (c - d)) / 4
        corners += np.array([lean, lean, -lean, -lean])
    if degrees:
        turn, middle = np.deg2rad(degrees), corners.mean(0)
        rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        corners = (corners - middle) @ rotation + middle
    return Quad.of(corners)


class Recogniser:
    """Reads detections of a gray picture."""

    def __init__(
        self,
        net: Net,
        spec: ModelSpec,
        mode: str = "",
        prior: Prior | None = None,
        expected: Expectation | None = None,
    ) -> None:
        self.net, self.spec, self.mode = net, spec, mode or spec.mode
        self.expected, self.prior = expected, both(prior, expected)
        self._hopeless = DOUBTFUL * OTHER if expected else DOUBTFUL  # other views may show what is expected

    def __call__(self, gray: np.ndarray, detections: Sequence[Detection], again: bool = False) -> list[Sighting]:
        """One sighting per detection, in order; a detection that says nothing has an empty reading."""
        readings = self.read_quads(gray, [self.loosened(s.quad) for s in detections], again)
        found = [Sighting(s.quad, r, s.score, self.mode) for s, r in zip(detections, readings, strict=True)]
        return [self.along(gray, d.curve, s, again) if d.curve else s for d, s in zip(detections, found, strict=True)]

    def along(self, gray: np.ndarray, curve: Curve, straight: Sighting, again: bool) -> Sighting:
        """The sighting, or where it was not read surely, what is likely and surer along the curve, laid straight."""
        if straight.reading.confidence >= SURE:
            return straight
        strip, quad = straightened(gray, curve)
        bent = self.read_quads(strip, [self.loosened(quad)], again)[0]
        surer = bent.confidence > max(LIKELY, straight.reading.confidence)
        return replace(straight, reading=bent, curve=curve) if surer else straight

    def said(self, gray: np.ndarray, detections: Sequence[Detection]) -> float:
        """How much is read at the detections: characters, as far as their texts are sure."""
        readings = (s.reading for s in self(gray, detections))
        return sum(len(r.text) * r.confidence for r in readings)

    def loosened(self, quad: Quad) -> Quad:
        """The quadrilateral with the reader's margin around."""
        width, height = quad.size
        across = self.spec.margin
        return view(quad, across, across * height / max(width, 1.0)) if across else quad

    def read_quads(self, gray: np.ndarray, quads: Sequence[Quad], again: bool) -> list[Reading]:
        """The readings of objects; with `again` unsure ones are read from slightly other views too.

        A single picture deserves it; in a recording the next frame is another view.
        """
        first = self.probabilities([crop(gray, quad, self.spec) for quad in quads])
        readings = [self.meaning(p) for p in first]
        if not again:
            return readings
        return [self.augmented(gray, *each) for each in zip(quads, first, readings, strict=True)]

    def augmented(self, gray: np.ndarray, quad: Quad, first: np.ndarray, reading: Reading) -> Reading:
        """The first reading, or where it is unsure what all views agree on."""
        if not self._hopeless < reading.confidence < SURE:
            return reading
        others = self.probabilities([crop(gray, view(quad, *v), self.spec) for v in AUGMENTATIONS])
        return chosen(agreed(np.stack([first, *others]), self.spec.alphabet, self.prior))

    def read(self, crops: Sequence[np.ndarray]) -> list[Reading]:
        """Readings of network inputs, uint8 (height, width) each."""
        return [self.meaning(p) for p in self.probabilities(crops)]

    def probabilities(self, crops: Sequence[np.ndarray]) -> list[np.ndarray]:
        """What the network makes of each input, over the alphabet and the blank or none class."""
        return [softmax(logits, self.spec.temperature) for logits in logits_of(self.net, crops, self.spec)]

    def meaning(self, probabilities: np.ndarray) -> Reading:
        """What one crop's probabilities say."""
        if self.spec.kind == "classifier":
            return classify(probabilities, self.spec, self.expected)
        return decode(probabilities, self.spec, self.prior)

    def likeliest(self, image: np.ndarray, most: int) -> list[tuple[str, float]]:
        """The single characters that a network input shows with their probabilities; "" stands for none of them."""
        p = softmax(self.net(image[None, ..., None])[0], self.spec.temperature)
        names = [*self.spec.alphabet, ""]
        p = p if p.ndim == 1 else p.max(0)
        return [(names[i], float(p[i])) for i in np.argsort(-p)[:most]]

    def whole(self, gray: np.ndarray) -> Reading:
        """The picture is the object; nobody said which way up a doubtful line of text is."""
        if self.spec.kind == "classifier":
            return self.read([self.input(gray)])[0]
        reading = self.read_quads(gray, [frame_quad(gray)], again=True)[0]
        if not self.spec.keep_aspect or reading.confidence >= SURE:
            return reading
        other = self.read_quads(np.ascontiguousarray(np.rot90(gray, 2)), [frame_quad(gray)], again=True)[0]
        return other if other.confidence > max(LIKELY, UPSIDE_DOWN * reading.confidence) else reading

    def input(self, gray: np.ndarray) -> np.ndarray:
        """What the network receives for a whole picture: uint8 (height, width)."""
        return fit_square(gray, self.spec) if self.spec.kind == "classifier" else fit(gray, self.spec)
