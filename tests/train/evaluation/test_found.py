"""What a picture of found/ requires."""

import pytest

from train.evaluation.found import fits, hits_and_others, required


def test_texts_are_required_each_with_its_alternatives():
    assert required("12/13;7") == [("12", "13"), ("7",)]


@pytest.mark.parametrize(
    ("said", "wanted", "right"),
    [
        ("075335", "^075335", True), ("0753351", "^075335", True), ("075335.1", "^075335", False),
        ("GMC", "*GM", True), ("exit", "EXIT", True), ("27.9", "279", False),
    ],
)  # fmt: skip
def test_a_text_fits(said, wanted, right):
    assert fits(said, wanted, "characters") == right


def test_what_nothing_requires_is_other():
    assert hits_and_others("12/13;7", ["13", "8", "9"], "digits") == ([True, False], 2)
