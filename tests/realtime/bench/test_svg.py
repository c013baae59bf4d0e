"""Plots as SVG: well-formed, points where they belong, names escaped."""

import itertools
import xml.etree.ElementTree as Tree

import pytest

from realtime.bench import svg
from realtime.bench.svg import Axis

NAME = "{http://www.w3.org/2000/svg}"


def parsed(svg):
    return Tree.fromstring(svg)


def test_a_line_for_each_name_and_a_dot_for_each_point():
    x, y = Axis.over("frames", [1, 9], zero=True), Axis.over("MB <all>", [3, 5], zero=True)
    page = parsed(svg.lines("A & B", x, y, {"one": [(1, 3), (9, 5)], "two": [(1, 4)]}))
    assert len(page.findall(f"{NAME}polyline")) == 2 and len(page.findall(f"{NAME}circle")) == 3
    said = {t.text for t in page.findall(f"{NAME}text")}
    assert {"A & B", "MB <all>", "frames", "one", "two", "0", "10"} <= said


def test_points_lie_by_their_values():
    x, y = Axis("x", 0, 10), Axis("y", 0, 100)
    low, high = svg.in_pixels(x, y, 0, 0), svg.in_pixels(x, y, 10, 100)
    middle = svg.in_pixels(x, y, 5, 50)
    assert low == (svg.LEFT, svg.HEIGHT - svg.BOTTOM) and high == (svg.WIDTH - svg.RIGHT, svg.TOP)
    assert middle == pytest.approx(((low[0] + high[0]) / 2, (low[1] + high[1]) / 2))


def test_decades_are_as_wide_as_each_other():
    axis = Axis.over("ms", [3, 700], log=True)
    assert (axis.low, axis.high) == (1, 1000)
    assert [axis.place(v) for v in (1, 10, 100, 1000)] == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert axis.ticks() == [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]


@pytest.mark.parametrize("values", [[0, 1], [3, 1017], [-5, 5], [0.001, 0.0042], [99, 100]])
def test_an_axis_holds_its_values_and_has_few_round_ticks(values):
    axis = Axis.over("x", values)
    assert axis.low <= min(values) and axis.high >= max(values)
    assert 3 <= len(axis.ticks()) <= 9 and axis.low <= axis.ticks()[0] and axis.ticks()[-1] <= axis.high * 1.0001


def test_one_value_alone_has_an_axis_too():
    assert Axis.over("x", [5.0], zero=True).place(5.0) <= 1


def test_names_stay_inside_the_picture():
    x, y = Axis("ms", 1, 1000, True), Axis("%", 0, 100)
    page = parsed(svg.scatter("t", x, y, {"left": (2, 10), "right": (900, 90)}))
    anchors = {t.text: t.get("text-anchor") for t in page.findall(f"{NAME}text")}
    assert anchors["left"] == "start" and anchors["right"] == "end"


def test_names_of_dots_in_one_place_can_be_read():
    x, y = Axis("ms", 1, 1000, True), Axis("%", 0, 100)
    page = parsed(svg.scatter("t", x, y, {"one": (10, 50), "two": (10, 50), "three": (10, 51), "far": (500, 50)}))
    at = {t.text: float(t.get("y")) for t in page.findall(f"{NAME}text")}
    heights = sorted(at[name] for name in ("one", "two", "three"))
    assert min(b - a for a, b in itertools.pairwise(heights)) >= svg.LINE - 1 and at["far"] == at["one"]


@pytest.mark.parametrize("value, said", [(0, "0"), (0.25, "0.25"), (1500, "1.5k"), (2e6, "2M"), (99.99999999, "100")])
def test_numbers_are_short(value, said):
    assert svg.short(value) == said
