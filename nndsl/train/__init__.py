"""What ``compile`` and ``fit`` blocks drive: losses, metrics, optimizers, data, and the loop that trains."""
