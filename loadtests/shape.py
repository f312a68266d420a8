"""How many users there are from the start of a run to its end."""

from __future__ import annotations

from locust import LoadTestShape


class Spike(LoadTestShape):
    """A sale that opens: a few come early, then all at once, and many go again.

    Of `--users` and `--run-time`: a tenth of the users for the first fifth of the time, all for the
    next two, a third for the rest.
    """

    use_common_options = True

    def tick(self) -> tuple[int, float] | None:
        """How many users there shall be now, and how many of them come a second; None: the end."""
        options = self.runner.environment.parsed_options
        users = options.num_users
        part = self.get_run_time() / options.run_time
        if part >= 1:
            return None
        share = 10 if part < 0.2 else 1 if part < 0.6 else 3
        return max(1, users // share), users
