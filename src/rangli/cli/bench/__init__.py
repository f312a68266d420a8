"""Benchmarks of rangli's own parts, each a module with `run() -> dict[str, float]`."""
