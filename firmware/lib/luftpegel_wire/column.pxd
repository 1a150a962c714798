# Types for compiling column.py, whose code this file leaves as it is (docs/wire.md, "Compiled").
# 64 bits: a prediction, and a difference before it is refused, stay below 2**42.

import cython

from .rangedecoder cimport Decoder

cdef class Column:
    cdef long long _seen, _sum, _mean, _product, _square
    cdef long long _recent[8]
    cdef long long _guesses[4]
    cdef long long _misses[4]

    cpdef begin(self, long long value)
    @cython.locals(guess=cython.longlong, most=cython.longlong)
    cpdef (long long, long long) code(self, Decoder coder, long long value, long long drive)
    @cython.locals(
        seen=cython.longlong, recent=cython.p_longlong, guesses=cython.p_longlong, misses=cython.p_longlong,
        last=cython.longlong, count=cython.longlong, best=cython.int, index=cython.int,
    )
    cdef long long _guess(self, long long drive) except? -1
    @cython.locals(
        guesses=cython.p_longlong, misses=cython.p_longlong, index=cython.int, step=cython.longlong,
    )
    cdef long long _learn(self, long long value, long long difference, long long drive) except? -1
    @cython.locals(at=cython.longlong)
    cdef void _remember(self, long long value) noexcept

cdef long long _sixteenths(long long difference) noexcept
@cython.locals(negative=cython.int, magnitude=cython.longlong, length=cython.int)
cdef long long _first(Decoder coder, long long value) except? -1
@cython.locals(
    shift=cython.int, row=bytes, column=cython.int,
    magnitude=cython.longlong, units=cython.longlong, count=cython.longlong,
)
cdef long long _difference(Decoder coder, long long mean, long long difference) except? -1
@cython.locals(square=cython.int, row=cython.int)
cpdef int level(int mean) except -1
@cython.locals(length=cython.int)
cpdef long long gamma(Decoder coder, long long number) except? -1
cdef int _length(long long magnitude) except -1

cdef int HALF, _RECENT, _UNARY_LIMIT, _NEGATIVE, _USUAL_LENGTH
