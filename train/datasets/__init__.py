"""Readers of the data sets, public and private: each a generator of the same value, `Example`."""

from train.datasets.example import Example, cut_out, held_out
from train.datasets.folder import read_folder
from train.datasets.shared import SETS, load_shared, load_there, there

__all__ = ["SETS", "Example", "cut_out", "held_out", "load_shared", "load_there", "read_folder", "there"]
