"""Who a device is: the stations of stations.toml, which may be read anew while the gateway runs."""
