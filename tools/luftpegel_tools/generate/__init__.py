"""Makes everything that describes quantities from spec/channels.toml, so that it is described only once.

`python -m luftpegel_tools.generate` writes the files, `--check` only says which are stale.
"""
