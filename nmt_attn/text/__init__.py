"""Normalisation and tokenisation."""
