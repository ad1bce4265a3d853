"""Analysis: where a model fails and why, in numbers."""
