"""The version of nmt, defined once."""

__version__ = "0.1.0"
