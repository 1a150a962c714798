"""One board on the desk: the virtual one for mpremote, and a radio under CPython with troubled time."""
