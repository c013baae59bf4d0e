"""Training samples: loading, augmentation, mixtures, batches."""
