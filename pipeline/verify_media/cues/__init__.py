"""Measurements that tell a physical mark from an overlay, one a file."""
