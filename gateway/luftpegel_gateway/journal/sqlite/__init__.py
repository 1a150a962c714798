"""The journal in one SQLite file: for one process on one machine, a town's usual case."""
