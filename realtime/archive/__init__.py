"""Many recordings at once: parts, workers, one database."""
