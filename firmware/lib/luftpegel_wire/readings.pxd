# Types for compiling readings.py, whose code this file leaves as it is (docs/wire.md, "Compiled"). What is
# compiled only reads: a coder is a Decoder.

import cython

from .column cimport Column
from .rangedecoder cimport Decoder

cdef class Row:
    cdef public object seq, age, interval, values, quality, absent

cdef class Rows:
    cdef list _columns, _quality
    cdef Column _clock
    cdef bint _first
    cdef int _plain

    @cython.locals(plain=cython.bint)
    cpdef tuple code(self, Decoder coder, bint absent, interval, list values, list quality)
    cdef object _interval(self, Decoder coder, bint lost, interval)
    @cython.locals(
        drive=cython.longlong, columns=list, quality=list, column=Column, found=list, index=cython.Py_ssize_t,
    )
    cdef list _values(self, Decoder coder, list values)

cpdef tuple code_channels(Decoder coder, channels)
cpdef tuple code_steps(Decoder coder, channels, steps)

cdef int HALF, ONE, MISSING, _LIKELY, _SURPRISE
