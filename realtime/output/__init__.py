"""What records and files are made of."""
