"""The network: attention, encoder, decoders."""
