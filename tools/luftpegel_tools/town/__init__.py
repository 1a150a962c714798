"""A town on the desk: stations at places, links that lose frames, and a network server's double."""
