"""A trained network in ONNX, so that it can be served without torch."""
