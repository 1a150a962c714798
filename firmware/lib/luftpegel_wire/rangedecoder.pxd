# Types for compiling rangedecoder.py, whose code this file leaves as it is (docs/wire.md, "Compiled").
# All numbers stay below 2**28.

import cython

cdef class Decoder:
    cdef bytes _data
    cdef Py_ssize_t _at
    cdef int _range, _code

    @cython.locals(part=cython.int, value=cython.int)
    cpdef int bit(self, int probability, int _value=*) except -1
    @cython.locals(value=cython.int)
    cpdef int bits(self, int count, int _value=*) except -1
    @cython.locals(data=bytes, at=cython.Py_ssize_t)
    cdef int _shift(self) except -1

cdef int BOTTOM, HALF, SPARE, TOP
