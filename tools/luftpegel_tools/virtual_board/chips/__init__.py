"""The chips of the virtual board: one plain class a file, byte or register level, with fault switches."""
