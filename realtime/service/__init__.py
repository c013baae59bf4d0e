"""A program that runs for months: signals, systemd, a process for each camera."""
