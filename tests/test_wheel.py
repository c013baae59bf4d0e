"""The wheel holds every package and every file that the program reads."""

from configparser import ConfigParser
from fnmatch import fnmatch
from pathlib import Path

import pytest
from conftest import ROOT

SETUP = ConfigParser()
SETUP.read(ROOT / "setup.cfg")
PACKAGES = SETUP["options"]["packages"].split()
FOLDERS = {"realtime.models": ROOT / "models"}  # package_dir


def folder_of(package):
    return FOLDERS.get(package, ROOT.joinpath(*package.split(".")))


def files_beside(package):
    """Files of a package that are not Python, as paths within it; those of the packages inside it are theirs."""
    inner = {folder_of(other) for other in PACKAGES if other != package}
    folder = folder_of(package)
    for path in folder.rglob("*"):
        elsewhere = inner & set(path.parents[: len(path.relative_to(folder).parts) - 1])
        if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts and not elsewhere:
            yield path.relative_to(folder).as_posix()


def test_every_folder_with_code_is_a_package():
    code = {path.parent for top in ("realtime", "synth", "train") for path in ROOT.joinpath(top).rglob("*.py")}
    listed = {folder_of(package) for package in PACKAGES} - set(FOLDERS.values())
    assert listed == code and len(set(PACKAGES)) == len(PACKAGES)
    assert SETUP["options"]["package_dir"].split() == ["realtime.models", "=", "models"]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_that_is_not_code_goes_along(package):
    patterns = [p.strip() for p in SETUP["options.package_data"].get(package, "").split(",")]
    assert [name for name in files_beside(package) if not any(fnmatch(name, p) for p in patterns)] == []


@pytest.mark.parametrize("package, pattern", [
    (package, pattern.strip())
    for package, patterns in SETUP["options.package_data"].items()
    for pattern in patterns.split(",")
])  # fmt: skip
def test_every_pattern_names_a_file(package, pattern):
    assert list(Path(folder_of(package)).glob(pattern))
