"""The table of README: what it shows of an evaluation, and of a comparison with other tools."""

import json

from realtime.pipeline import SHIPPED
from realtime.spec import ModelSpec, load_spec
from train import card
from train.datasets.shared import matching
from train.datasets.terms import terms_of
from train.evaluation.evaluate import Row
from train.sampling.recipes import TAKES

ROWS = [
    Row("crops/taiwan, folded", 246, 0.97),
    Row("crops pooled, folded", 905, 0.96, "96 %"),
    Row("dashcam rides as recordings, other texts per plate", 20, 0.0),
    Row("world_boxes, located (IoU 0.5)", 131, 0.5),
    Row("false texts per picture without any", 677, 0.003, "< 0.33 %"),
]


def test_the_worst_figure_is_shown_although_nothing_was_aimed_at():
    assert [row.what for row in card.telling(ROWS)] == [ROWS[1].what, ROWS[3].what, ROWS[4].what]


def test_places_named_where_nothing_is_are_not_a_share_of_what_should_be_high():
    complete, empty = Row("places: words, complete", 190, 0.33), Row("places: empty, false", 107, 0.32)
    assert card.telling([complete, empty]) == [complete]


def test_what_should_be_low_is_not_the_worst():
    assert card.telling([ROWS[0], ROWS[2]]) == [ROWS[0]] and card.telling([]) == []


def test_the_best_other_tool_stands_beside_the_same_pictures(tmp_path):
    scores = {"glyphcam": 0.9, "Good": 0.95, "Poor": 0.2}
    found = [{"name": name, "scores": {"words": {"n": 181, "exact": exact}}} for name, exact in scores.items()]
    (tmp_path / "c.json").write_text(json.dumps([*found, {"name": "Absent", "scores": {}}]))
    table = card.headlines({"plates": ROWS}, tmp_path / "c.json").splitlines()
    assert table[2] == "| characters | words, same pictures for all | 181 | 90.0 % | 95.0 % (Good) |"
    assert table[3] == "| plates | crops pooled, folded | 905 | 96.0 % | |"


def test_without_a_comparison_there_are_only_own_figures(tmp_path):
    assert len(card.headlines({"plates": ROWS}, tmp_path / "none.json").splitlines()) == 5


def test_every_network_says_what_it_scored_on_each_source():
    reader, locator = load_spec(SHIPPED / "plates-reader.json"), load_spec(SHIPPED / "plates-locator.json")
    table = card.source_table([reader, locator]).splitlines()
    assert f"| plates-reader | {reader.scores['calibration_error']:.2f} % | " in table[3] and "taiwan " in table[3]
    assert "float" not in table[3] and table[4] == "| plates-locator |  |  |"


def spec_of(name, **training):
    return ModelSpec(name, "plates", "reader", 48, 144, training={"task": "plates-reader", **training})


def test_the_card_names_the_terms_of_what_each_network_learned_from():
    used = {"plates/crops/us": {"train": 9, "val": 1}, "plates/crops/taiwan": {"train": 0, "val": 5}}
    table = card.terms_table([spec_of("new", sets=used), spec_of("old")])
    rows = {line.split(" | ")[0].removeprefix("| "): line for line in table.splitlines() if line.startswith("| ")}
    assert rows["plates of the United States"].endswith("openalpr/benchmarks | AGPL-3 | all |")
    assert rows["plates of Taiwan"].endswith("| none | old |") and "prepare" not in table


def test_every_set_that_a_task_learns_from_has_its_terms():
    named = {each for names in TAKES.values() for name in names for each in matching(name)}
    unknown = {name for name in named if not terms_of(name)}
    assert unknown == {"plates/crops/argentina", "plates/crops/sweden", "plates/scenes/dashcam"}  # they validate only
