"""Tasks, as the training loop needs them."""
