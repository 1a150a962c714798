"""Both commands of the README in fresh minimal Debians: `make fresh`.

What passes on a developer's machine may lean on what happens to be installed there. Here the project's HEAD
is cloned into roots that hold git, make, python3, python3-venv and ca-certificates, and nothing else.
"""
