"""The shell: Kafka, Redis, clock, HTTP, processes."""
