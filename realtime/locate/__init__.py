"""Where objects are in a picture, and where text is."""
