# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, binding=False
"""Quotes from wire bytes to wire bytes, without an object for every line and adjustment.

What a cart usually is, is read straight into the price kernel's rows, and the kernel's rows are
written straight into the answer. Whatever is not usual - fields that few callers set, anything
that is wrong - makes it return None, and the plain way (`rangli.pricing.rpc`) answers; it alone
knows how to refuse. Both ways give the same bytes for whatever both answer; a test compares them.

In this order: `_request.pxd` reads; `_hot.pxd` and `_products.pxd` know the catalogue; `_match.pxd`
chooses what acts; `_steps.pxd` lays it out for the kernel; `_answer.pxd` writes. All of them work
on one `_desk.pxd` and hold the GIL.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy, memset

from rangli.pricing._answer cimport answer_of
from rangli.pricing._desk cimport Desk
from rangli.pricing._hot cimport Hot, close_hot, forget_passing, is_too_much, open_hot
from rangli.pricing._match cimport forget_slots, match, place_rows
from rangli.pricing._money cimport i64
from rangli.pricing._names cimport bytes_of, same, slice_of, text_of
from rangli.pricing._protowire cimport (
    BYTES, Reader, Slice, Writer, put_message, put_raw, read_bytes, read_varint, reader_of, written,
)
from rangli.pricing._request cimport read_request
from rangli.pricing._stacking cimport open_workspace, price_c
from rangli.pricing._steps cimport lay_out, sort

from secrets import randbits

from rangli.core.clock import micros
from rangli.core.money import known_currency
from rangli.pricing.codec_rpc import HotCatalogue

cdef enum:
    CHANNELS_KEPT = 1_000


cdef Desk* open_desk() except NULL:
    cdef Desk* found = <Desk*>calloc(1, sizeof(Desk))
    if found == NULL:
        raise MemoryError
    found.seed = randbits(64)
    found.space = open_workspace()
    if found.space == NULL:
        raise MemoryError
    return found


cdef Desk* desk = open_desk()
# Asking a catalogue lets other threads in between: they find the desk in use.
cdef bint in_use = False


cdef class Table:
    """One catalogue under one policy."""

    cdef object source
    cdef Hot hot

    def __cinit__(self, catalogue, policy):
        self.source = HotCatalogue(catalogue, policy)
        open_hot(&self.hot, self.source, desk.seed)

    def __dealloc__(self):
        close_hot(&self.hot)

    cdef bytes answer(self):
        """The answer to what stands on the desk; None if the plain way must give it."""
        if is_too_much(&self.hot):
            forget_passing(&self.hot)
            self.source.forget_products()
        if not place_rows(desk, &self.hot, self.source):
            return None
        try:
            if not match(desk, &self.hot, self.source):
                return None
        finally:
            forget_slots(desk, &self.hot)
        sort(desk, &self.hot)
        if not lay_out(desk, &self.hot, self.source):
            return None
        if price_c(&self.hot.problem, desk.space) != NULL:
            return None
        return answer_of(desk, &self.hot)


cdef class Codec:
    """Quotes on one catalogue, from bytes to bytes. A new catalogue takes a new codec."""

    cdef readonly object catalogue
    cdef object policy_of
    cdef dict tables    # by channel: a Table, None if its policy is not for us
    cdef bytes channel  # the last one, and ...
    cdef Table table    # ... its Table
    cdef unsigned char currency[3]    # the last one that is known

    def __init__(self, catalogue, policy_of):
        """policy_of: from a channel to the policy to use, None if it is not for us."""
        self.catalogue = catalogue
        self.policy_of = policy_of
        self.tables = {}

    def quote(self, bytes request, now):
        """The QuoteResponse's bytes for a QuoteRequest's; None: ask the plain way.

        now: the instant to price at if the request has none, a datetime with a time zone.
        """
        global in_use
        if in_use:
            return None
        in_use = True
        try:
            return self._quote(slice_of(request), now)
        finally:
            in_use = False

    cdef bytes _quote(self, Slice request, object now):
        cdef Table table
        if not read_request(&desk.ask, request, desk.seed):
            return None
        if memcmp(self.currency, desk.ask.currency.at, 3) != 0:
            if not known_currency(text_of(desk.ask.currency)):
                return None
            memcpy(self.currency, desk.ask.currency.at, 3)
        if self.channel is None or not same(slice_of(self.channel), desk.ask.channel):
            self._turn_to(bytes_of(desk.ask.channel))
        if self.table is None:
            return None
        if not desk.ask.has_instant:
            desk.ask.at_us = micros(now)
        return self.table.answer()

    cdef int _turn_to(self, bytes channel) except -1:
        """Makes the channel's table the one in use."""
        if channel not in self.tables:
            policy = self.policy_of(channel.decode())
            if len(self.tables) >= CHANNELS_KEPT:
                self.tables.clear()
            self.tables[channel] = Table(self.catalogue, policy) if policy is not None else None
        self.channel, self.table = channel, self.tables[channel]
        return 0


def parts(bytes request):
    """The QuoteRequests' bytes in a BatchQuoteRequest's; None if it holds anything else."""
    cdef Reader r = reader_of(slice_of(request))
    cdef Slice part
    cdef list found = []
    while r.at < r.end:
        if read_varint(&r) != (1 << 3 | BYTES):
            return None
        part = read_bytes(&r)
        if r.bad:
            return None
        found.append(bytes_of(part))
    return found


def joined(list answers):
    """The bytes of a BatchQuoteResponse with these: (field of Item, bytes of its message)."""
    cdef Writer w
    cdef i64 before
    cdef bytes answer
    memset(&w, 0, sizeof(Writer))
    try:
        for field, answer in reversed(answers):
            before = written(&w)
            put_raw(&w, <const unsigned char*>PyBytes_AS_STRING(answer), PyBytes_GET_SIZE(answer))
            put_message(&w, field, before)
            put_message(&w, 1, before)
        if w.failed:
            raise MemoryError
        return PyBytes_FromStringAndSize(<const char*>w.at, written(&w))
    finally:
        free(w.memory)
