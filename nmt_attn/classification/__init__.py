"""What a classifier makes of a text."""
