"""Search for the best translation, and the Translator built on it."""
