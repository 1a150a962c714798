"""The words that every room shares: names, readings, events, observations, faults. Imports no other room.

Its types are `msgspec.Struct`s: as plain as dataclasses, ten times faster to make, and msgspec writes and
reads them for the journal.
"""
