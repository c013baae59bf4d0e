"""Surfaces behind text."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.grounds import lay, sample_ground


@pytest.mark.parametrize("kind", ["plain", "cloudy", "rough", "ruled", "grid", "photo"])
@given(st.integers(0, 2**32 - 1), st.integers(3, 60), st.integers(3, 60))
def test_every_surface_can_be_laid_on_the_smallest_thing(kind, seed, height, width):
    ground = replace(sample_ground(np.random.default_rng(seed), 120.0), kind=kind)
    assert lay(ground, (height, width), 128.0).shape == (height, width)
