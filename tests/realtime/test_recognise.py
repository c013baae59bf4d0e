"""Reading: probabilities to texts with confidences."""

from dataclasses import replace
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.modes import DIGITS
from realtime.preprocess import PADDING, crop, fit, fit_square
from realtime.recognise import BATCH, NOTHING, Recogniser, batches, classify, decode, logits_of, softmax
from realtime.spec import ModelSpec
from realtime.values import Box, Detection, Quad, Reading

SPEC = ModelSpec("r", "digits", "reader", 32, 160, DIGITS, slots=8, keep_aspect=True)
SINGLE = ModelSpec("c", "digits", "classifier", 32, 32, DIGITS)
BLANK = len(DIGITS)


@st.composite
def probabilities(draw, classes=BLANK + 1):
    steps = draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return softmax(rng.normal(0, draw(st.floats(0.1, 6)), (steps, classes)))


def path(*steps, sure=0.9):
    """Probabilities of a path of characters, "-" for the blank."""
    p = np.full((len(steps), BLANK + 1), (1 - sure) / BLANK)
    for row, step in zip(p, steps, strict=True):
        row[BLANK if step == "-" else int(step)] = sure
    return p


# --- decode


@given(st.lists(st.sampled_from(DIGITS + "-"), min_size=1, max_size=12))
def test_repeats_merge_and_blanks_fall_out(steps):
    expected = "".join(k for k, _ in groupby(steps) if k != "-")
    assert decode(path(*steps, sure=0.98), SPEC).text == expected


@given(probabilities())
def test_one_confidence_per_character_and_the_whole_is_never_surer(p):
    reading = decode(p, SPEC)
    assert len(reading.confidences) == len(reading.text)
    assert 0 <= reading.confidence <= min(reading.confidences, default=1) + 1e-12
    assert all(0 < c <= 1 for c in reading.confidences)


@given(probabilities())
def test_the_text_is_the_first_of_its_candidates(p):
    reading = decode(p, SPEC)
    assert reading.candidates[0] == (reading.text, pytest.approx(reading.confidence or reading.candidates[0][1]))
    assert [c for _, c in reading.candidates] == sorted((c for _, c in reading.candidates), reverse=True)


@given(probabilities())
def test_sure_blanks_before_and_after_change_nothing(p):
    edge = np.eye(BLANK + 1)[[BLANK]]
    a, b = decode(np.concatenate([edge, p, edge]), SPEC), decode(p, SPEC)
    assert a.text == b.text and a.confidences == pytest.approx(b.confidences)


@given(st.lists(st.text(DIGITS, max_size=4), min_size=2, max_size=2))
def test_two_lines_with_a_blank_between_read_as_one_after_the_other(texts):
    p = [path(*"-".join(t)) if t else path("-") for t in texts]
    joined = decode(np.concatenate([p[0], path("-"), p[1]]), SPEC)
    assert joined.text == texts[0] + texts[1]


def test_a_double_digit_needs_a_blank_between():
    assert decode(path("4", "-", "4"), SPEC).text == "44"
    assert decode(path("4", "4"), SPEC).text == "4"


def test_a_doubtful_gap_makes_the_whole_doubtful():
    """Where a blank is unsure another character may stand, however sure the others are."""
    clear, gap = path("4", "-", "2"), np.concatenate([path("4"), path("-", sure=0.4), path("2")])
    assert decode(gap, SPEC).text == decode(clear, SPEC).text
    assert decode(gap, SPEC).confidence < 0.6 * decode(clear, SPEC).confidence


def test_only_blanks_say_nothing():
    assert decode(path("-", "-", "-", sure=0.99), SPEC) == NOTHING


# --- one character


def test_the_likeliest_class_is_the_character():
    assert classify(path("7")[0], SINGLE) == Reading("7", (pytest.approx(0.9),), pytest.approx(0.9))


def test_none_of_these_says_nothing():
    assert classify(path("-")[0], SINGLE) == NOTHING


# --- softmax


@given(st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=12), st.floats(0.1, 10))
def test_probabilities_are_shares_of_one_in_the_order_of_the_logits(logits, temperature):
    p = softmax(np.array(logits), temperature)
    assert p.sum() == pytest.approx(1) and (p >= 0).all()
    assert p[np.argmax(logits)] == p.max()


@given(st.floats(-5, 5))
def test_only_differences_count(shift):
    logits = np.array([1.0, 2.0, -1.0])
    assert softmax(logits + shift) == pytest.approx(softmax(logits))


def test_warmer_is_less_sure():
    logits = np.array([1.0, 3.0, 0.0])
    tops = [softmax(logits, t).max() for t in (0.5, 1.0, 2.0, 100.0)]
    assert tops == sorted(tops, reverse=True) and tops[-1] == pytest.approx(1 / 3, abs=0.02)


# --- recogniser


class Bright:
    """A network that says the crop's brightest row of eight, and keeps what it was fed."""

    def __init__(self):
        self.fed = []

    def __call__(self, batch):
        assert batch.dtype == np.uint8
        self.fed.append(batch)
        rows = batch[..., 0].reshape(len(batch), 8, -1).mean(-1)
        return np.log(np.stack([path(str(int(k)), *"-------") for k in rows.argmax(1)]))


def with_bright_row(k):
    gray = np.full((32, 160), 40, np.uint8)
    gray[4 * k : 4 * k + 4] = 200
    return gray


def test_every_spot_is_read_in_its_order():
    gray = np.vstack([with_bright_row(5), with_bright_row(2)])
    detections = [
        Detection(Quad.from_box(Box(0, 32 * k, 160, 32 * k + 32)), score) for k, score in ((0, 0.9), (1, 0.7))
    ]
    sightings = Recogniser(Bright(), SPEC)(gray, detections[::-1])
    assert [s.reading.text for s in sightings] == ["2", "5"]
    assert [s.score for s in sightings] == [0.7, 0.9]
    assert [s.quad for s in sightings] == [s.quad for s in detections[::-1]]
    assert {s.mode for s in sightings} == {"digits"}


def test_no_spots_are_not_read():
    net = Bright()
    assert Recogniser(net, SPEC)(with_bright_row(0), []) == [] and net.fed == []


def test_the_network_is_fed_what_preprocessing_makes():
    net, gray = Bright(), with_bright_row(3)
    quad = Quad.from_box(Box(3, 2, 150, 30))
    recogniser = Recogniser(net, SPEC)
    recogniser(gray, [Detection(quad, 1.0)])
    recogniser.whole(gray)
    assert (net.fed[0][0, ..., 0] == crop(gray, quad, SPEC)).all()
    assert (net.fed[1][0, ..., 0] == fit(gray, SPEC)).all()


class EitherWay:
    """Says 1 of a picture that is bright at its left end, so surely, and 2 of one that is bright at its right end."""

    def __init__(self, upright: float, turned: float) -> None:
        self.sure = {"1": upright, "2": turned}

    def __call__(self, batch):
        text = "1" if batch[0, :, :20].mean() > batch[0, :, -20:].mean() else "2"
        p = np.full((SPEC.slots, len(SPEC.alphabet) + 1), 1e-9)
        p[:, -1] = 1.0
        p[3] = (1 - self.sure[text]) / len(SPEC.alphabet)
        p[3, SPEC.alphabet.index(text)] = self.sure[text]
        return np.log(np.stack([p] * len(batch)))


@pytest.mark.parametrize(
    ("upright", "turned", "said"),
    [(0.3, 0.95, "2"), (0.6, 0.95, "1"), (0.95, 0.99, "1")],
)
def test_a_doubtful_line_is_read_upside_down_where_that_is_much_surer(upright, turned, said):
    gray = np.full((32, 160), 40, np.uint8)
    gray[:, :30] = 200
    assert Recogniser(EitherWay(upright, turned), SPEC).whole(gray).text == said
    assert Recogniser(EitherWay(upright, turned), replace(SPEC, keep_aspect=False)).whole(gray).text == "1"


def test_a_classifier_is_fed_whole_pictures_with_their_proportions():
    gray = with_bright_row(3)
    assert (Recogniser(Bright(), SINGLE).input(gray) == fit_square(gray, SINGLE)).all()


def test_the_temperature_of_the_sidecar_is_used():
    gray = with_bright_row(1)
    cold, warm = (Recogniser(Bright(), ModelSpec(**{**vars(SPEC), "temperature": t})).whole(gray) for t in (1.0, 3.0))
    assert cold.text == warm.text == "1" and warm.confidence < cold.confidence


@pytest.mark.parametrize("count", [0, 1, BATCH - 1, BATCH, 2 * BATCH + 1])
def test_many_are_read_in_batches_of_two_sizes_only(count):
    made = list(batches([160] * count))
    assert [k for batch in made for k in batch] == list(range(count))
    assert {len(batch) for batch in made} <= {1, BATCH} and len(made) == count // BATCH + count % BATCH


@given(st.lists(st.sampled_from((64, 160)), max_size=20))
def test_batches_hold_inputs_of_one_width_and_miss_none(widths):
    made = list(batches(widths))
    assert sorted(k for batch in made for k in batch) == list(range(len(widths)))
    assert all(len({widths[k] for k in batch}) == 1 for batch in made)


ANY = replace(SPEC, slots=40, any_width=True)


def text_wide(columns, seed=0):
    """A network's input with something in so many columns and padding behind."""
    gray = np.full((SPEC.height, SPEC.width), PADDING, np.uint8)
    gray[:, :columns] = np.random.default_rng(seed).integers(0, 100, (SPEC.height, columns))
    return gray


class Columns:
    """A network without context: a step for every four columns, decided by these alone; it notes what it is given."""

    def __init__(self):
        self.weights, self.widths = np.random.default_rng(3).normal(size=(4 * SPEC.height, BLANK + 1)), []

    def __call__(self, batch):
        self.widths.append(batch.shape[2])
        steps = batch[..., 0].reshape(len(batch), SPEC.height, -1, 4).transpose(0, 2, 1, 3)
        return (steps.reshape(*steps.shape[:2], -1) / 64.0) @ self.weights


@pytest.mark.parametrize(("columns", "width"), [(1, 64), (60, 64), (61, 96), (124, 128), (125, 160), (160, 160)])
def test_a_network_of_any_width_is_given_little_padding_and_says_the_same(columns, width):
    net, fixed = Columns(), Columns()
    gray = text_wide(columns)
    narrow, padded = logits_of(net, [gray], ANY)[0], logits_of(fixed, [gray], SPEC)[0]
    assert (net.widths, fixed.widths) == ([width], [SPEC.width])
    assert narrow.shape == padded.shape and np.allclose(narrow, padded)


def test_answers_keep_the_order_of_inputs_of_several_widths():
    crops = [text_wide(columns, seed=k) for k, columns in enumerate((150, 20, 70, 30, 20, 140, 10, 90))]
    alone = [logits_of(Columns(), [gray], ANY)[0] for gray in crops]
    assert np.allclose(logits_of(Columns(), crops, ANY), alone)


def test_a_batch_says_what_each_says_alone():
    rng = np.random.default_rng(5)
    weights = rng.normal(size=(SPEC.height, BLANK + 1))
    recogniser = Recogniser(lambda batch: np.einsum("nhwc,hk->nwk", batch / 255.0, weights), SPEC)
    crops = list(rng.integers(0, 256, (BATCH + 2, SPEC.height, SPEC.width), np.uint8))
    assert [r.text for r in recogniser.read(crops)] == [recogniser.read([c])[0].text for c in crops]
