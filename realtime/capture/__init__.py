"""Where frames come from."""

import os

LARGEST = 1 << 27  # pixels of a picture: three bytes each, several times over

# OpenCV looks at this when it is loaded, and then refuses by their headers pictures that would take gigabytes.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(LARGEST))
