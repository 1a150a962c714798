"""Luftpegel's gateway: one process that carries readings from a network server's uplinks into sinks.

The rule of the house: nothing is acknowledged before it is on disk, and every frame ends delivered, waiting
or quarantined. `app.py` tells how the parts run together; the way of one reading is source, decode, names,
check, journal, sinks.
"""
