"""Who must know, how and when; and what has become of it?  Pure but for ``alerts.channels``."""
