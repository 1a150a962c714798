"""The chip below MicroPython: its ROM with the serial bootloader, and how it boots from flash."""
