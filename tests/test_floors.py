"""Imports go down the floors only, as setup.cfg says."""

import ast
import sys
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parent.parent


def test_every_contract_is_kept(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "path", [str(ROOT), *sys.path])
    code = lint_imports(config_filename="setup.cfg", cache_dir=None)
    assert code == 0, capsys.readouterr().out


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
    assert tops - set(sys.stdlib_module_names) == {"click", "cv2", "realtime"}


@pytest.mark.parametrize("path", sorted(ROOT.glob("realtime/**/*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_below_knows_the_command_line(path):
    assert "run_camera" not in set(imported(path))
