"""What a text must be to be reported."""
