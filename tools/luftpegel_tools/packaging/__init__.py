"""What the parts of Luftpegel weigh, and the wire compiled for the gateway."""
