"""Readers of the data sets, public and private: each a generator of the same value, `Example`."""

from train.datasets.example import Example, cut_out, held_out
from train.datasets.folder import read_folder
from train.datasets.shared import SETS, load_shared

__all__ = ["SETS", "Example", "cut_out", "held_out", "load_shared", "read_folder"]
