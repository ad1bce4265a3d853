"""Pictures of the attention over validation samples, as trackers get them."""

from __future__ import annotations

from nmt_attn.classification.weighed_text import WeighedText
from nmt_attn.decoding.alignment import Alignment
from nmt_attn.reporting.attention_maps import to_picture
from nmt_attn.reporting.shaded_text import to_picture as to_shaded_picture


def draw(attention: object) -> bytes:
    """Draw the attention of a translation, or of a text that got a label, as PNG.

    Raises:
        UserError: matplotlib is not installed.
        TypeError: it is neither of them.
    """
    if isinstance(attention, Alignment):
        return to_picture(attention, "png")
    if isinstance(attention, WeighedText):
        return to_shaded_picture(attention, "png")
    raise TypeError(f"a {type(attention).__name__} cannot be drawn")
