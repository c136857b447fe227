"""The BBB servers: address, secret, client, health."""
