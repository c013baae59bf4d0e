"""The commands on a plain installation, which reads and does not train."""

import subprocess
import sys

import pytest
from conftest import ROOT

WITHOUT = """
import runpy, sys
sys.modules["{missing}"] = None
sys.argv[1:] = {words}
runpy.run_module("{program}", run_name="__main__")
"""


@pytest.mark.parametrize(
    ("program", "missing", "words"),
    [
        ("synth", "PIL", ["sheet", "lines", "x.png"]),
        ("train", "PIL", ["fit", "digits-reader"]),
        ("train", "PIL", ["-h"]),
    ],
)
def test_a_missing_package_is_one_sentence_that_names_the_extra(program, missing, words):
    code = WITHOUT.format(missing=missing, words=words, program=program)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert f"{missing} is not installed. Run: pip install '.[train]'" in done.stderr
