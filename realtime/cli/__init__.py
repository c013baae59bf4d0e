"""The command line: kinds of values, which options go together, signals, messages."""
