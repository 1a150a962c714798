"""What the parts of Luftpegel weigh, the wire compiled for the gateway, and the gateway as a Debian package.

`make package` and `make sbom`: `vendor` lays out the Python packages, `sbom` lists them, `papers` writes
changelog, copyright and man page, `debian_package` has Debian's own tools make a package of all that. `make
image` makes an image of the package. Nothing is downloaded when the package is installed.
"""
