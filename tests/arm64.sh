#!/usr/bin/env bash
# README's commands on emulated 64-bit Arm: a small Debian is made, the program is installed in it as a Raspberry Pi
# owner does, reads the first frames of the demo, and must read the same there as here.
#
#   sudo apt install debootstrap qemu-user-static binfmt-support
#   sudo tests/arm64.sh            Debian bookworm, Python 3.11; SUITE=trixie: Python 3.13
#
# ROOTFS names where the Debian is made, kept and used again (by default none of it stays); PYTHON the interpreter that
# reads natively; FRAMES how many frames are read: emulated inference takes hundreds of times as long.
set -euo pipefail
cd "$(dirname "$0")/.."
exec </dev/null
suite=${SUITE:-bookworm} frames=${FRAMES:-6} python=${PYTHON:-.venv/bin/python}
handler=/proc/sys/fs/binfmt_misc/qemu-aarch64

skip() { echo "arm64: SKIPPED, $1"; exit 0; }

[ "$(uname -m)" != aarch64 ] || skip "this machine is 64-bit Arm itself: the tests prove it"
[ "$(id -u)" = 0 ] || skip "it needs root to make a Debian (sudo tests/arm64.sh)"
command -v debootstrap >/dev/null || skip "debootstrap is missing (apt install debootstrap)"
[ -e "$handler" ] || mount -t binfmt_misc none /proc/sys/fs/binfmt_misc 2>/dev/null || true
[ -e "$handler" ] || update-binfmts --enable qemu-aarch64 2>/dev/null || true
[ -e "$handler" ] || skip "no binfmt_misc handler qemu-aarch64 (apt install qemu-user-static binfmt-support)"
"$python" -c 'import cv2' 2>/dev/null || skip "$python cannot run the program (README's first command line makes it)"

if [ -n "${ROOTFS:-}" ]; then
    root=$ROOTFS
else
    root=$(mktemp -d /var/tmp/glyphcam-arm64.XXXXXX)
fi
leave() {
    umount "$root/proc" "$root/dev" 2>/dev/null || true
    [ -n "${ROOTFS:-}" ] || rm -rf --one-file-system "$root"
}
trap leave EXIT

if [ ! -x "$root/usr/bin/apt" ]; then
    debootstrap --arch=arm64 --variant=minbase --include=ca-certificates "$suite" "$root" ${MIRROR:+"$MIRROR"} \
        >"$root.log" 2>&1 ||
        { tail -n 5 "$root.log"; skip "debootstrap could not fetch $suite"; }
    rm -f "$root.log"
fi
mount --bind /dev "$root/dev"
# Not /sys: the runtime would find this machine's processors there, take them for Arm ones and crash. It only complains.
mount -t proc proc "$root/proc"

# The network as it is set up here.
for file in /etc/resolv.conf /etc/hosts /etc/pip.conf /etc/ssl/certs/ca-certificates.crt; do
    [ ! -e "$file" ] || cp -L "$file" "$root$file"
done

rm -rf "$root/glyphcam" && mkdir "$root/glyphcam"
tar --exclude=__pycache__ -cf - README.md LICENSE pyproject.toml setup.cfg run_camera.py realtime synth train models |
    tar -xf - -C "$root/glyphcam"

packages=$(grep -m 1 '^sudo apt install -y git' docs/raspberry-pi.md)
line=$(awk '/^```sh$/ { inside = 1; next } /^```$/ { inside = 0 } inside' README.md | head -n 1)
inside() { chroot "$root" /usr/bin/env HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin bash -c "cd /glyphcam && $1"; }

inside "export DEBIAN_FRONTEND=noninteractive && apt update && ${packages#sudo }" >"$root/apt.log" 2>&1 ||
    { tail -n 5 "$root/apt.log"; exit 1; }
inside 'echo "arm64: $(uname -m), $(python3 --version)"'
inside "$line --max-frames $frames" >"$root/glyphcam/there.jsonl"
inside ".venv/bin/python -m realtime.bench --frames 1 --size 320x240 --objects 1"
"$python" run_camera.py --demo --max-frames "$frames" --jsonl - >"$root/glyphcam/here.jsonl"
"$python" - "$root/glyphcam/here.jsonl" "$root/glyphcam/there.jsonl" <<'PYTHON'
import json
import sys

from realtime.values import Box, iou

here, there = ([json.loads(line) for line in open(name) if line.startswith("{")] for name in sys.argv[1:])
order = lambda rows: sorted(rows, key=lambda row: (row["text"], row["box"]))
assert here, "nothing was read here"
texts = [[row["text"] for row in order(rows)] for rows in (here, there)]
assert texts[0] == texts[1], f"read here {texts[0]}, on arm64 {texts[1]}"
for a, b in zip(order(here), order(there), strict=True):
    # Rounding differs between processors, so that an object may be seen in one frame more or less, or less surely.
    assert iou(Box(*a["box"]), Box(*b["box"])) > (0.9 if a["frame"] == b["frame"] else 0.5), (a, b)
    assert abs(a["confidence"] - b["confidence"]) < 0.2, (a, b)
print(f"arm64: the same {len(here)} readings as here: {', '.join(texts[0])}")
PYTHON
