"""The configuration: every key, and YAML into it."""
