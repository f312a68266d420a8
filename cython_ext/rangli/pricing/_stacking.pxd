# cython: language_level=3
"""The compiled price kernel for other Cython modules: integers in, integers out, without the GIL.

Fill a `Problem`, hand it in with a `Workspace` of your own, read the answer from the workspace.
One workspace serves one call at a time; the answer stands until the next.
"""

from rangli.pricing._work cimport Problem, Workspace

cdef Workspace* open_workspace() noexcept nogil          # NULL: no memory
cdef void close_workspace(Workspace* space) noexcept nogil
# NULL if priced; else what breaks the bounds, or OUT_OF_MEMORY, as a C string that lives forever.
cdef const char* price_c(const Problem* problem, Workspace* space) noexcept nogil
cdef const char* OUT_OF_MEMORY
