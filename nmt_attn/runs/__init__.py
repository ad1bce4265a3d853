"""Run directories: writing and reading them."""
