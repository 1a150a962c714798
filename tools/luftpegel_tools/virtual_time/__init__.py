"""One deterministic clock for all doubles, and the processor that they share."""
