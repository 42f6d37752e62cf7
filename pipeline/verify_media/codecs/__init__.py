"""Decoding and encoding of photos and videos."""
