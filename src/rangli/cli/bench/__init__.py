"""`rangli bench`: what rangli's own parts cost, each a module with `run() -> dict[str, float]`.

A figure is the median of interleaved rounds in one process or of pinned ones, so that a noisy
machine decides nothing; ratios against a peer or a limit of the same run are what to compare.
"""
