"""Quads as the product's reader gives them, for photographed lettering and for drawn lettering alike.

A detector's box has ground around the letters, the corners of drawn artwork have none. Networks that were shown one for
what is there and the other for overlays learned to tell boxes: on photos with the reader's own quads they knew less.
"""

from __future__ import annotations

import numpy as np

from verify_media.readers.ocr_recognise import Alphabet, recognise
from verify_media.readers.placing import Line, Place, place
from verify_media.readers.spotting import SETTINGS, spot, variants
from verify_media.readers.strips import Pyramid, padded, straight


def as_read(pyramid: Pyramid, quad: np.ndarray, text: str, share: float) -> Place | None:
    """Where the reader sees `text` in a strip with `share` of the quad's height added around it (4 x 2, TL TR BR BL);
    None where it cannot read it there: then the product would not judge it either."""
    strip = straight(pyramid, padded(quad.astype(np.float32), share))
    forms = variants(text)
    if not forms:
        return None
    alphabet = Alphabet(form.key for form in forms)
    reading = recognise([strip.image], alphabet)[0]
    best = max((spot([[reading]], form, alphabet)[0] for form in forms), key=lambda match: match.score)
    return place([Line(strip, reading)], best) if best.score >= SETTINGS.found else None
