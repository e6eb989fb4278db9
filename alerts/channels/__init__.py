"""Ways to reach a person: each channel speaks one protocol and returns an outcome."""
