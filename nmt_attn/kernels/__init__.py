"""Functions from tensors to tensors: no configuration, and no module of ours."""
