"""Which part of a picture is looked at: a region, tiles of a long one, windows cut out, or all of it as one object."""
