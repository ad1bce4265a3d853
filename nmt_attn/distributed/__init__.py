"""Several processes that work together, on one machine or several: torch's engine behind one small interface."""
