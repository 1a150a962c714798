"""The gateway: from a network server to the town's platforms, losing nothing on the way."""
