"""What goes down to stations: requests for readings again, and commands. Pure."""
