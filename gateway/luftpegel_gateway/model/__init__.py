"""The words that every room shares: names, readings, events, observations, faults. Imports no other room.

Its types are `msgspec.Struct`s: as plain as dataclasses, ten times faster to make, and msgspec writes and
reads them for the journal. They are immutable and refer to nothing that could refer back, so the collector of
circles need not look at them (`gc=False`): there are hundreds of thousands of them at work.
"""
