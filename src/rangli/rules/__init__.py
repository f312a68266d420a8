"""Typed expressions that an operator writes and a request is judged by: true, false or unknown.

expression      compiles and judges them

The language is CEL (https://cel.dev): it has no loops but over lists, no I/O and no clock. What is
left of it here is bounded, see `expression`.
"""
