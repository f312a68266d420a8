"""`rangli bench`: what rangli's own parts cost.

Each is a module with `run() -> dict[str, float | str]`.

A figure is the median of interleaved rounds in one process or of pinned ones, so that a noisy
machine decides nothing; ratios against a peer or a limit of the same run are what to compare.
Beside its figures each tells `<bench>_inputs_sha256` and `<bench>_answers_sha256`, 16 hex digits:
where they differ, two runs did not measure the same work.
"""
