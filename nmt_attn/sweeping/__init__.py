"""Sweeps: trainings with different values of some keys, to find the best ones."""
