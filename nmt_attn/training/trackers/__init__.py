"""Trackers of experiments, one module each, whose library is imported only where it is wanted."""
