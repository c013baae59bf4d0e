"""Where results go: context managers with one verb, `write(result)`; strangers to each other."""
