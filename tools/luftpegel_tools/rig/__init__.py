"""Boards under hardware tests: on a serial port, or virtual."""
