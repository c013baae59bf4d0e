"""Losses: CTC against all paths, classes, cells and corners."""

from itertools import groupby, product

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the extra train: pip install -e '.[train]'")

from realtime.modes import DIGITS, PLATES
from train.losses import corner_loss, ctc, geometry_loss, kernel_loss, objectness_loss, smooth_cross_entropy
from train.sampling.samplers import reader_target


def value(loss, target, output):
    """The loss as numpy float64."""
    out = loss(keras.ops.convert_to_tensor(target), keras.ops.convert_to_tensor(np.asarray(output, np.float32)))
    return np.asarray(keras.ops.convert_to_numpy(out), np.float64)


# --- CTC


def paths_to(text, steps, alphabet):
    """Every path of that many steps that reads as the text; the blank is the last class."""
    for path in product(range(len(alphabet) + 1), repeat=steps):
        if "".join(alphabet[k] for k, _ in groupby(path) if k < len(alphabet)) == text:
            yield path


@pytest.mark.parametrize("text", ["", "0", "01", "11", "010"])
def test_ctc_sums_over_all_paths(text):
    alphabet, steps = "01", 4
    logits = np.random.default_rng(3).normal(0, 1.5, (1, steps, 3))
    p = np.exp(logits[0]) / np.exp(logits[0]).sum(-1, keepdims=True)
    total = sum(np.prod([p[t, k] for t, k in enumerate(path)]) for path in paths_to(text, steps, alphabet))
    loss = value(ctc(alphabet), reader_target(text, alphabet)[None], logits)
    assert loss == pytest.approx(-np.log(total), rel=1e-3)


@pytest.mark.parametrize(("written", "shown"), [("10", "1O"), ("0", "O"), ("A0B0", "AOB0")])
def test_where_zero_may_mean_o_either_is_right(written, shown):
    logits = np.full((1, 9, len(PLATES) + 1), -6.0)
    steps = "".join(f"{c}-" for c in shown).ljust(9, "-")
    for t, c in enumerate(steps):
        logits[0, t, PLATES.find(c) if c != "-" else -1] = 6.0
    strict, lenient = (value(ctc(PLATES), reader_target(written, PLATES, f)[None], logits)[0] for f in (False, True))
    assert lenient < 0.1 < 5 < strict


def test_folding_changes_no_other_character():
    logits = np.random.default_rng(0).normal(0, 1, (1, 8, len(PLATES) + 1))
    a, b = (value(ctc(PLATES), reader_target("AB12", PLATES, f)[None], logits) for f in (False, True))
    assert a == pytest.approx(b, rel=1e-3)


# --- classes


def test_smoothed_cross_entropy_is_its_formula():
    logits, target = np.array([[2.0, 0.0, -1.0]]), np.array([0], np.int32)
    log_p = logits[0] - np.log(np.exp(logits[0]).sum())
    expected = -(0.9 * log_p[0] + 0.1 / 3 * log_p.sum())
    assert value(smooth_cross_entropy(0.1), target, logits) == pytest.approx(expected, rel=1e-5)


# --- cells


def cells(*values):
    return np.array(values, np.float32).reshape(1, 1, -1, 1)


def test_cells_that_count_nothing_count_nothing():
    for said in (0.1, 0.9):
        assert value(objectness_loss, cells(1, 0, -1), cells(0.8, 0.3, said)) == pytest.approx(
            value(objectness_loss, cells(1, 0, -1), cells(0.8, 0.3, 0.5))
        )


@pytest.mark.parametrize("truth", [0.0, 1.0])
def test_objectness_loss_falls_towards_the_truth(truth):
    losses = [float(value(objectness_loss, cells(truth), cells(abs(truth - gap)))) for gap in (0.9, 0.6, 0.3, 0.01)]
    assert losses == sorted(losses, reverse=True) and losses[-1] < 1e-3


def test_corners_without_weight_count_nothing():
    rng = np.random.default_rng(1)
    offsets, weights = rng.normal(0, 1, (1, 2, 2, 8)), rng.random((1, 2, 2, 8)) > 0.5
    target = np.concatenate([offsets, weights], -1).astype(np.float32)
    wild = np.where(weights, offsets, 99.0)
    assert value(corner_loss, target, wild) == pytest.approx(0, abs=1e-6)
    assert value(corner_loss, target, wild + 0.5) > 0.5


def test_a_larger_corner_error_costs_more():
    target = np.concatenate([np.zeros((1, 8)), np.ones((1, 8))], -1).astype(np.float32)
    losses = [float(value(corner_loss, target, np.full((1, 8), gap))) for gap in (0, 0.02, 0.049, 0.051, 0.3, 2)]
    assert losses[0] == 0 and losses == sorted(losses) and len(set(losses)) == 6


def test_targets_spell_their_text():
    target = reader_target("4217", DIGITS, folded=True)
    assert target[:6].tolist() == [1, 4, 4, 2, 1, 7]


# --- constants


def test_a_false_cell_costs_seven_tenths_of_a_missed_one_and_eight_cells_damp_the_mean():
    missed = value(objectness_loss, cells(1), cells(0.4)) * (1 + 8)
    false = value(objectness_loss, cells(0), cells(0.6)) * 8
    assert missed == pytest.approx(0.6**2 * -np.log(0.4), rel=1e-4)  # focal loss, gamma 2
    assert false / missed == pytest.approx(0.7, rel=1e-4)


def test_corner_errors_are_squared_up_to_a_twentieth_and_then_grow_fourfold():
    target = np.concatenate([np.zeros((1, 8)), np.ones((1, 8))], -1).astype(np.float32)
    small, limit, large, larger = (
        float(value(corner_loss, target, np.full((1, 8), gap))) for gap in (0.025, 0.05, 0.2, 0.3)
    )
    assert limit / small == pytest.approx(4, rel=1e-3)
    assert (larger - large) / 0.1 == pytest.approx(4 * 8 / 9, rel=1e-3)
    assert (large - limit) / 0.15 == pytest.approx(4 * 8 / 9, rel=1e-3)


def test_a_twentieth_of_the_truth_goes_to_every_class():
    logits, target = np.array([[2.0, 0.0, -1.0]]), np.array([0], np.int32)
    log_p = logits[0] - np.log(np.exp(logits[0]).sum())
    expected = -(0.95 * log_p[0] + 0.05 / 3 * log_p.sum())
    assert value(smooth_cross_entropy(), target, logits) == pytest.approx(expected, rel=1e-5)


# --- text maps


def kernel_target(*weights):
    """Two places of four cells, of which the first three are in a string; what each counts."""
    inside = np.array([[1, 1, 1, 0], [0, 0, 0, 0]], np.float32)
    return np.concatenate([inside, np.reshape(weights or np.ones(8), (2, 4))], -1)


def test_a_right_kernel_costs_nothing_and_a_missing_one_most():
    right = kernel_target()[:, :4]
    costs = [
        value(kernel_loss, kernel_target(), p) for p in (right, 0.9 * right + 0.05, np.full((2, 4), 0.5), 1 - right)
    ]
    assert costs == sorted(costs) and costs[0] < 0.01 < 1 < costs[-1]


def test_cells_that_count_nothing_may_say_anything():
    target = kernel_target(1, 1, 1, 0, 1, 1, 1, 1)
    p = target[:, :4].copy()
    q = p.copy()
    q[0, 3] = 1
    assert value(kernel_loss, target, p) == pytest.approx(value(kernel_loss, target, q))


def test_what_counts_more_costs_more():
    p = np.array([[1, 1, 1, 0.9], [0, 0, 0, 0]], np.float32)
    assert value(kernel_loss, kernel_target(1, 1, 1, 4, 1, 1, 1, 1), p) > 2 * value(kernel_loss, kernel_target(), p)


def test_geometry_counts_in_cells_of_strings_alone_and_is_smooth_l1():
    target = np.zeros((2, 12), np.float32)
    target[0, 6:] = [1, 1, 1, 1, 1, 2]
    wrong = np.zeros((2, 6), np.float32)
    wrong[1] = 9.0  # a cell of no string
    assert value(geometry_loss, target, wrong) == 0
    small, large = wrong.copy(), wrong.copy()
    small[0, 0], large[0, 5] = 0.04, 0.5
    assert value(geometry_loss, target, small) == pytest.approx(0.6 * 0.04**2 / 0.1 / 21)
    assert value(geometry_loss, target, large) == pytest.approx(0.6 * (2 * 0.5 - 0.025) / 21)
