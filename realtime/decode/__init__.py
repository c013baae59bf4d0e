"""From a reader's probabilities to texts."""
