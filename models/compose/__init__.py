# ruff: noqa: E501
"""Composes the training pictures of models/train_authenticate.py: marks before the camera, overlays after it, one file history for both."""
