"""Requests to the running gateway: replay and discard what is in quarantine, read stations.toml anew.

The gateway alone writes its journal; whoever wants something written asks it, through a socket in the data
folder. While no gateway runs, the same handlers do the work under the folder's lock.
"""
