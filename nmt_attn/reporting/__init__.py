"""Figures to text, HTML and pictures."""
