"""ChirpStack's own API: its inventory, its downlink queues, its live view. Not where frames come from."""
