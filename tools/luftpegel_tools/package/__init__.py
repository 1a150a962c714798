"""`make package` and `make sbom`: the gateway as a Debian package, and what is in it.

`vendor` lays out the Python packages, `sbom` lists them, `papers` writes changelog, copyright and man page,
and `debian_package` has Debian's own tools make a package of all that. Nothing is downloaded when it is
installed.
"""
