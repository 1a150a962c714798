# Types for compiling cbor_reader.py, whose code this file leaves as it is (docs/wire.md, "Compiled").

cpdef loads(data)
cdef tuple _argument(data, Py_ssize_t at)
cdef tuple _item(data, Py_ssize_t at, int depth)
