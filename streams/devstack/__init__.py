"""The embedded stack: what Docker would start, as real local processes on loopback."""
