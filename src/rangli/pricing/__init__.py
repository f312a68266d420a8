"""The price kernel and quotes: a pure function from cart, catalogue and instant to a price.

cart       what is priced
policy     in which groups activities act, and who wins in each
matching   which activities act on which lines, and why the others don't
quote      matching, then the kernel, then its integers as an answer
plan       what the kernel reads and answers: integer arrays
stacking   the kernel's readable specification; `_stacking` is the compiled one
"""
