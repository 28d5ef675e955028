"""Asking the processor for memory before it is needed.

A sweep jumps from one end of its arrays to the other, and waits for memory most of the time. The
places that it will jump to are known some links ahead, so it can ask for them early: a large answer
takes a quarter of the time. Asking changes no value, so a place may be asked for in vain.
"""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

#: How many links ahead of the one at hand to ask.
AHEAD = 64
#: To be written to, and to be kept near (https://llvm.org/docs/LangRef.html#llvm-prefetch-intrinsic).
_WRITE, _KEEP, _DATA = 1, 3, 1


def _prefetch(_typing: Any, array: types.Array, row: types.Integer) -> Any:  # noqa: ANN401 - Numba fixes the signature
    """Ask for the first line of one row of an array.

    Args:
        array: Of any shape; its rows may lie apart.
        row: int64, which one; it must exist.
    """

    def write(context: Any, builder: Any, signature: Any, values: Any) -> Any:  # noqa: ANN401 - the same
        held = context.make_array(signature.args[0])(context, builder, values[0])
        stride, *_ = cgutils.unpack_tuple(builder, held.strides)  # type: ignore[no-untyped-call]  # Numba's
        begin = builder.ptrtoint(held.data, stride.type)
        place = builder.add(begin, builder.mul(stride, values[1]))
        pointer, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        asking = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]  # Numba's
            builder.module,
            ir.FunctionType(ir.VoidType(), [pointer, word, word, word]),
            "llvm.prefetch.p0i8",
        )
        how = [ir.Constant(word, choice) for choice in (_WRITE, _KEEP, _DATA)]
        builder.call(asking, [builder.inttoptr(place, pointer), *how])
        return context.get_dummy_value()

    return types.void(array, row), write


#: :func:`_prefetch`, as compiled code calls it.
prefetch = cast("Callable[[NDArray[Any], np.int64], None]", intrinsic(_prefetch))
