"""The durable log: frames as they came, what they mean, how far each sink is, what is in quarantine.

`port.py` is what the rest of the gateway knows of it; each engine has a folder beside it.
"""
