"""What is asked of stations: readings again. Pure."""
