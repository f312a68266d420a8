"""The ground: money, time, ids, errors and the shape of a call. Standard library only."""
