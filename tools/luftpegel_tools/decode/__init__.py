"""What the bytes of a frame mean, for people."""
