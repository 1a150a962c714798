"""A roster's stations in a network server: what there shall be, what is there, what differs; the writing."""
