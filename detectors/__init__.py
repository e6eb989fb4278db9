"""What happened, and how bad is it?  Pure: no I/O, no clock, no randomness."""
