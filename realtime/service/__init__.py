"""Keep the program running for months: signals, systemd, a process for each camera."""
