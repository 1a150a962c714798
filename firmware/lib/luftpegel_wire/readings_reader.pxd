# Types for compiling readings_reader.py, whose code this file leaves as it is (docs/wire.md, "Compiled").

import cython

from .rangedecoder cimport Decoder
from .readings cimport Rows

cdef class ReadingsReader:
    cdef readonly object version, seq, age
    cdef readonly tuple channels, steps
    cdef readonly int count
    cdef int _told
    cdef object _age
    cdef bint _broken
    cdef Decoder _coder
    cdef Rows _model
    cdef list _nothing

    @cython.locals(values=list, quality=list, index=cython.Py_ssize_t)
    cpdef next(self)
