"""Faults put into the firmware on purpose, to see that the tests find them: `make mutants`."""
