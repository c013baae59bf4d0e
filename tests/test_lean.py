"""Running loads what it needs and no training package, and no optional one unasked."""

import os
import subprocess
import sys

import pytest
from conftest import ROOT

HEAVY = {"tensorflow", "keras", "torch", "jax", "matplotlib", "pandas", "scipy", "PIL", "h5py"}
OPTIONAL = {"aiohttp", "paho", "psutil", "dask", "distributed", "picamera2", "av"}
WITH_EXTRAS = ("clients.py", "server.py", "site.py", "door.py", "front.py", "records.py", "mqtt.py", "h264.py")
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in ROOT.glob("realtime/**/*.py")
    if path.name not in ("__init__.py", *WITH_EXTRAS)
)


def loaded(code):
    """Top names of the modules that a fresh Python holds after running the code."""
    code += "\nimport sys; print('\\n'.join({name.split('.')[0] for name in sys.modules}))"
    settings = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=settings, timeout=120)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize("code", ["import run_camera", "import " + ", ".join(MODULES)], ids=["run_camera", "realtime"])
def test_no_heavy_and_no_optional_module_is_loaded(code):
    names = loaded(code)
    assert "cv2" in names and not names & (HEAVY | OPTIONAL)
