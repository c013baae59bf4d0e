"""Measurements of this machine and of the program: python -m realtime.bench."""
