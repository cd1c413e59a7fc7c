"""Parts that the benchmarks share: the services on loopback, and the figures of a process."""
