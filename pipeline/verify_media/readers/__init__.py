"""What can find a mark in a frame."""
