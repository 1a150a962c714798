"""What a technician runs, from a blank board to a station on its mast: one verb a file.

Beside the verbs: the roster (which stations there shall be), the keys (secret, in a file of their own), the
ledger (what was done to which board) and the words for it all. Nothing here needs what only POSIX has.
"""
