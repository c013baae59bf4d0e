"""Clips and samples on disk: truth moves with the picture, and a sample is the same whoever draws it."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from realtime.errors import UserError
from synth.__main__ import main
from synth.text.clip import demo_clip, render_clip, sample_clip
from synth.text.fonts import DIGITS
from synth.write import DRAWERS, Request, draw, read_labels, sheet, still, write_all

SIZE = (240, 320)


@pytest.fixture(scope="module")
def clip():
    return sample_clip(np.random.default_rng(2), "train", (1, 1), SIZE, seconds=1.0, fps=8)


def test_a_clip_replays_frame_by_frame(clip):
    frames, again = list(render_clip(clip)), list(render_clip(clip))
    assert len(frames) == clip.count == 8
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(frames, again, strict=True))
    assert all(image.shape == (*SIZE, 3) and image.dtype == np.uint8 for image, _ in frames)


def test_a_clip_s_strings_have_2_to_8_digits_and_are_nearly_always_in_view():
    seen = total = 0
    for seed in range(8):
        clip = sample_clip(np.random.default_rng(seed), "train", (1, 2), SIZE, seconds=1.0, fps=4)
        for _, truth in render_clip(clip):
            assert all(set(text) <= set(DIGITS + ".-:") and 2 <= len(text) <= 11 for _, text in truth)
            assert all((quad >= 0).all() and (quad <= SIZE[::-1]).all() for quad, _ in truth)
            seen += len(truth)
            total += len(clip.scene.panels)
    assert seen > 0.7 * total


def test_truth_moves_with_the_picture():
    """What lies in the quadrilateral stays the same text: rectified, first and last frame agree."""
    calm = replace(demo_clip(seconds=2, fps=4), noise=0.0, shutter=0.0, quality=95)
    frames = list(render_clip(calm))
    (first, truths), (last, later) = frames[0], frames[-1]
    assert {text for _, text in truths} == {"0048213", "27.95", "1947", "365"}
    for (a, text), (b, same) in zip(truths, later, strict=True):
        assert text == same and np.abs(a - b).max() > 2
        looks = [rectified(image, quad) for image, quad in ((first, a), (last, b))]
        assert np.corrcoef(looks[0].ravel(), looks[1].ravel())[0, 1] > 0.9


def rectified(image, quad):
    target = np.array([[0, 0], [96, 0], [96, 32], [0, 32]], np.float32)
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return cv2.warpPerspective(gray, cv2.getPerspectiveTransform(quad.astype(np.float32), target), (96, 32))


# --- on disk


@pytest.mark.parametrize("kind", DRAWERS)
def test_every_kind_draws_the_same_sample_for_the_same_index(kind):
    request = Request(kind, seed=4)
    if kind == "clips":
        assert draw(request, 1).drawn == draw(request, 1).drawn != draw(request, 2).drawn
        return
    images = [still(draw(request, index)) for index in (1, 1, 2)]
    assert np.array_equal(images[0], images[1])
    assert images[0].shape != images[2].shape or not np.array_equal(images[0], images[2])


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_workers_and_interruptions_change_nothing(tmp_path):
    request = Request("characters", seed=1)
    list(write_all(request, tmp_path / "one", 6))
    list(write_all(request, tmp_path / "two", 6, workers=2))
    steps = write_all(request, tmp_path / "cut", 6)
    next(steps)
    steps.close()
    with (tmp_path / "cut" / "labels.jsonl").open("a") as labels:
        labels.write('{"index": 1, "fi')  # as after a crash
    assert list(write_all(request, tmp_path / "cut", 6)) == [1, 2, 3, 4, 5]
    assert contents(tmp_path / "one") == contents(tmp_path / "two") == contents(tmp_path / "cut")
    rows = read_labels(tmp_path / "one")
    assert [row["index"] for row in rows] == list(range(6)) and all(len(row["text"]) == 1 for row in rows)


def test_a_folder_of_another_request_is_left_alone(tmp_path):
    list(write_all(Request("nothing", seed=1), tmp_path / "out", 1))
    before = contents(tmp_path / "out")
    with pytest.raises(UserError, match="other settings"):
        list(write_all(Request("nothing", seed=2), tmp_path / "out", 1))
    assert contents(tmp_path / "out") == before


def test_photographs_are_used_and_a_folder_without_any_is_refused(tmp_path):
    with pytest.raises(UserError, match="no picture"):
        draw(Request("scenes", backgrounds=str(tmp_path)), 0)
    cv2.imwrite(str(tmp_path / "a.png"), np.full((90, 90), 77, np.uint8))
    assert draw(Request("scenes", backgrounds=str(tmp_path)), 0).drawn.shape == (480, 640)


def test_a_sheet_shows_every_sample():
    page = sheet(Request("characters"), 21)
    assert page.shape == (2 * 78, 20 * 64) and page[78:, :64].any() and not page[78:, 64:].any()


# --- the command line


def test_commands_write_labels_sheets_and_the_demo(tmp_path):
    run = CliRunner().invoke
    result = run(main, ["scenes", "--out", str(tmp_path / "s"), "--count", "2", "--mode", "characters"])
    assert result.exit_code == 0, result.output
    row = json.loads((tmp_path / "s" / "labels.jsonl").read_text().splitlines()[0])
    assert row["file"] == "000000.png" and len(row["texts"]) == len(row["quads"])
    assert run(main, ["sheet", "lines", str(tmp_path / "sheet.png"), "--count", "3"]).exit_code == 0
    assert run(main, ["demo", str(tmp_path / "demo.mp4")]).exit_code == 0
    assert 20_000 < (tmp_path / "demo.mp4").stat().st_size < 420_000
    assert cv2.imread(str(tmp_path / "sheet.png")) is not None


@pytest.mark.parametrize(
    "arguments",
    [["sheet", "lines", "{}/no/folder.png", "--count", "1"], ["demo", "{}/no/demo.mp4"], ["lines", "--out", "{}/file"]],
)
def test_what_cannot_be_written_is_said_in_one_sentence(tmp_path, arguments):
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(main, [part.format(tmp_path) for part in arguments])
    assert result.exit_code == 1 and "cannot be written" in result.output
