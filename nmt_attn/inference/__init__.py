"""The functions of the model, frozen and fast."""
