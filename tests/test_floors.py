"""Imports go down the floors only, as setup.cfg says."""

import ast
import subprocess
import sys

import pytest
from conftest import ROOT


def test_every_contract_is_kept():
    """In a process of its own: the linter's console outlives pytest's capture and brings the interpreter down."""
    call = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports('setup.cfg', no_cache=True))"
    done = subprocess.run([sys.executable, "-c", call], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def imported(path):
    """Names of the modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_the_command_line_stands_on_realtime_alone():
    """run_camera.py is a module, not a package, so that import-linter does not see it."""
    tops = {name.split(".")[0] for name in imported(ROOT / "run_camera.py")}
    assert tops - set(sys.stdlib_module_names) == {"click", "realtime"}


@pytest.mark.parametrize("path", sorted(ROOT.glob("realtime/**/*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_below_knows_the_command_line(path):
    assert "run_camera" not in set(imported(path))
