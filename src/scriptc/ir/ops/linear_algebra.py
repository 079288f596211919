"""Linear algebra on stacks of matrices, as `numpy.linalg` has it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from scriptc.ir.opdef import (
    PURE,
    UNKNOWN,
    VIEW,
    Args,
    OpDef,
    RuleError,
    Sample,
    Spelling,
    op,
    sample,
)
from scriptc.ir.ops.rules import (
    Shape,
    array_like_type,
    broadcast_shapes,
    flag,
    promote,
    real_part,
    reduced_shape,
    same_size,
    value_of,
)
from scriptc.ir.ops.samples import matrix, tried
from scriptc.ir.types import NONE, Dim, TensorType, TupleType, Type

_SQUARE = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, -1.0], [0.5, -1.0, 2.0]])
_STACK = np.stack([_SQUARE, _SQUARE + np.eye(3), 2 * _SQUARE]).astype("float32")
_COMPLEX = np.array([[2.0, 1j], [-1j, 3.0]])


def _matrices() -> list[Any]:
    """Return square matrices and stacks of them: symmetric, positive definite."""
    return [_SQUARE, _STACK, _COMPLEX, np.array([[2, 1], [1, 3]]), [[2.0, 0.0], [0.0, 1.0]]]


def _refused() -> list[Any]:
    return [np.ones(3), np.ones((2, 2), "float16")]


def computed(dtype: str | None) -> str | None:
    """Return the dtype that LAPACK computes in; exact numbers become `float64`."""
    if dtype == "float16":
        raise RuleError("linear algebra is not defined for float16", "use `astype(np.float32)`")
    if dtype is None or dtype in ("float32", "float64", "complex64", "complex128"):
        return dtype
    return "float64"


def _matrix(args: Args, name: str = "x") -> tuple[str | None, Shape]:
    """Return dtype and shape of a stack of matrices."""
    x = array_like_type(args[name])
    if x.shape is not None and len(x.shape) < 2:
        raise RuleError(f"`{args.schema.name}` takes matrices, not {len(x.shape)} dimensions")
    return computed(x.dtype), x.shape


def _square(args: Args, name: str = "x") -> tuple[str | None, Shape, Dim]:
    """Return dtype and shape of a stack of square matrices, and how many rows one has."""
    dtype, shape = _matrix(args, name)
    return dtype, shape, None if shape is None else same_size(shape[-1], shape[-2])


def _same_type(args: Args) -> Type:
    dtype, shape, _ = _square(args)
    return TensorType(dtype, shape)


def _leading(shape: Shape, *sizes: Dim) -> Shape:
    return None if shape is None else (*shape[:-2], *sizes)


def _smaller(shape: Shape) -> Dim:
    if shape is None or not isinstance(shape[-1], int) or not isinstance(shape[-2], int):
        return None
    return min(shape[-1], shape[-2])


def _unary(
    name: str,
    infer: Callable[[Args], Type],
    doc: str,
    *,
    arrays: Callable[[], Sequence[Any]] = lambda: [*_matrices(), *_refused()],
    fields: tuple[str, ...] = (),
) -> OpDef:
    """Declare a function of one matrix that has no options."""
    function: Callable[..., Any] = getattr(np.linalg, name)
    return op(
        f"linalg_{name}(x: ArrayLike)",
        doc=doc,
        infer=infer,
        kernel=function,
        traits=(PURE,),
        fields=fields,
        spellings=[Spelling(f"numpy.linalg.{name}", {"a": "x"})],
        samples=lambda: [tried(function, x) for x in arrays()],
    )


# --- one matrix -----------------------------------------------------------------------------------


def _det_type(args: Args) -> Type:
    dtype, shape, _ = _square(args)
    return TensorType(dtype, _leading(shape))


def _slogdet_type(args: Args) -> Type:
    dtype, shape, _ = _square(args)
    left = _leading(shape)
    return TupleType((TensorType(dtype, left), TensorType(real_part(dtype), left)))


def _eigh_type(args: Args) -> Type:
    dtype, shape, n = _square(args)
    values = TensorType(real_part(dtype), _leading(shape, n))
    return TupleType((values, TensorType(dtype, shape)))


def _eigvalsh_type(args: Args) -> Type:
    dtype, shape, n = _square(args)
    return TensorType(real_part(dtype), _leading(shape, n))


def _eig_type(args: Args) -> Type:
    # Real matrices may have complex eigenvalues: NumPy looks at the values.
    _, shape, n = _square(args)
    return TupleType((TensorType(None, _leading(shape, n)), TensorType(None, shape)))


def _eigvals_type(args: Args) -> Type:
    _, shape, n = _square(args)
    return TensorType(None, _leading(shape, n))


def _svdvals_type(args: Args) -> Type:
    dtype, shape = _matrix(args)
    return TensorType(real_part(dtype), _leading(shape, _smaller(shape)))


def _svd_type(args: Args) -> Type:
    dtype, shape = _matrix(args)
    full, vectors = flag(args, "full_matrices"), flag(args, "compute_uv")
    k = _smaller(shape)
    values = TensorType(real_part(dtype), _leading(shape, k))
    if not vectors:
        return values
    if shape is None:
        return TupleType((TensorType(dtype), values, TensorType(dtype)))
    m, n = shape[-2:]
    left = TensorType(dtype, (*shape[:-2], m, m if full else k))
    right = TensorType(dtype, (*shape[:-2], n if full else k, n))
    return TupleType((left, values, right))


def _qr_type(args: Args) -> Type:
    dtype, shape = _matrix(args)
    mode = value_of(args, "mode")
    if mode is UNKNOWN or mode == "raw":
        raise RuleError("`qr` needs a constant as `mode`: 'reduced', 'complete' or 'r'")
    if shape is None:
        q, r = TensorType(dtype), TensorType(dtype)
    else:
        m, n = shape[-2:]
        k = m if mode == "complete" else _smaller(shape)
        q, r = TensorType(dtype, (*shape[:-2], m, k)), TensorType(dtype, (*shape[:-2], k, n))
    return r if mode == "r" else TupleType((q, r))


def _pinv_type(args: Args) -> Type:
    dtype, shape = _matrix(args)
    return TensorType(dtype, None if shape is None else (*shape[:-2], shape[-1], shape[-2]))


def _rank_type(args: Args) -> Type:
    shape = array_like_type(args["x"]).shape
    if shape is None or len(shape) < 2:
        return TensorType(None if shape is None else "int64", None if shape is None else ())
    return TensorType("int64", _leading(shape))


def _power_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    n = value_of(args, "n")
    if x.shape is not None and len(x.shape) < 2:
        raise RuleError(f"`matrix_power` takes matrices, not {len(x.shape)} dimensions")
    if n is UNKNOWN:
        return TensorType(None, x.shape)
    return TensorType(computed(x.dtype) if int(n) < 0 else x.dtype, x.shape)


# --- two matrices ---------------------------------------------------------------------------------


def _solve_type(args: Args) -> Type:
    _, shape, n = _square(args, "a")
    b = array_like_type(args["b"])
    dtype = computed(promote(array_like_type(args["a"]), b))
    if shape is None or b.shape is None:
        return TensorType(dtype)
    if len(b.shape) == 1:
        same_size(n, b.shape[0])
        return TensorType(dtype, (*shape[:-2], b.shape[0]))
    if len(b.shape) < 1:
        raise RuleError("`solve` takes an array of one dimension at least as `b`")
    same_size(n, b.shape[-2])
    lead = broadcast_shapes(shape[:-2], b.shape[:-2])
    return TensorType(dtype, None if lead is None else (*lead, *b.shape[-2:]))


def _lstsq_type(args: Args) -> Type:
    a, b = array_like_type(args["a"]), array_like_type(args["b"])
    dtype = computed(promote(a, b))
    rank = TensorType("int32", ())
    return TupleType(
        (TensorType(dtype), TensorType(real_part(dtype)), rank, TensorType(real_part(dtype)))
    )


def _lstsq(a: Any, b: Any, rcond: Any) -> Any:
    return np.linalg.lstsq(a, b, rcond)


# --- norms ----------------------------------------------------------------------------------------


def _norm_dtype(args: Args, name: str = "x") -> str | None:
    dtype = real_part(array_like_type(args[name]).dtype)
    return dtype if dtype is None or dtype.startswith("float") else "float64"


def _norm_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    shape = reduced_shape(args, x.shape)
    # Counting (`ord=0`) gives a float as well, but in a dtype of its own.
    ordinary = value_of(args, "ord") is None
    return TensorType(_norm_dtype(args) if ordinary else None, shape)


def _norm(x: Any, ord: Any, axis: Any, keepdims: Any) -> Any:
    return np.linalg.norm(x, ord, axis, keepdims)


def _vector_norm_type(args: Args) -> Type:
    x = array_like_type(args["x"])
    ordinary = value_of(args, "ord") == 2
    return TensorType(_norm_dtype(args) if ordinary else None, reduced_shape(args, x.shape))


def _vector_norm(x: Any, axis: Any, keepdims: Any, ord: Any) -> Any:
    return np.linalg.vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)


def _norms() -> list[Sample]:
    x, v = matrix(), np.array([3.0, -4.0, 0.0])
    return [
        *(tried(np.linalg.norm, a) for a in (x, v, matrix("int32"), [3, 4], np.float64(2),
                                              np.array([3j, 4]), np.zeros((0, 2)))),
        *(tried(np.linalg.norm, v, o) for o in (1, 2, 3, 0, -1, np.inf, -np.inf, 0.5)),
        *(tried(np.linalg.norm, x, o) for o in (1, -1, 2, -2, np.inf, "fro", "nuc")),
        tried(np.linalg.norm, x, axis=1), tried(np.linalg.norm, x, axis=0, keepdims=True),
        tried(np.linalg.norm, _STACK, axis=(1, 2)), tried(np.linalg.norm, x, None, -1, True),
        tried(np.linalg.norm, x, axis=2),
    ]  # fmt: skip


def _matrix_norm_type(args: Args) -> Type:
    x, keep = array_like_type(args["x"]), value_of(args, "keepdims")
    if x.shape is not None and len(x.shape) < 2:
        raise RuleError(f"`matrix_norm` takes matrices, not {len(x.shape)} dimensions")
    dtype = _norm_dtype(args) if value_of(args, "ord") == "fro" else None
    if keep is UNKNOWN:
        return TensorType(dtype)
    return TensorType(dtype, _leading(x.shape, *((1, 1) if keep else ())))


def _matrix_norm(x: Any, keepdims: Any, ord: Any) -> Any:
    return np.linalg.matrix_norm(x, keepdims=keepdims, ord=ord)


def _cond_type(args: Args) -> Type:
    dtype, shape = _matrix(args)
    return TensorType(real_part(dtype) if args["p"] == NONE else None, _leading(shape))


# --- products and systems -------------------------------------------------------------------------


def _multi_dot_type(args: Args) -> Type:
    arrays = args["arrays"]
    if not isinstance(arrays, TupleType) or len(arrays.elements) < 2:
        return TensorType()
    parts = [array_like_type(t) for t in arrays.elements]
    dtype = promote(*parts)
    if any(t.shape is None for t in parts):
        return TensorType(dtype)
    first, last = parts[0].shape or (), parts[-1].shape or ()
    return TensorType(dtype, (*first[:-1], *last[1:]))


def _outer_type(args: Args) -> Type:
    a, b = array_like_type(args["a"]), array_like_type(args["b"])
    sizes = [t.shape[0] if t.shape is not None and len(t.shape) == 1 else None for t in (a, b)]
    return TensorType(promote(a, b), tuple(sizes))


def _cross_type(args: Args) -> Type:
    a, b = array_like_type(args["a"]), array_like_type(args["b"])
    return TensorType(promote(a, b), broadcast_shapes(a.shape, b.shape))


def _cross(a: Any, b: Any, axis: Any) -> Any:
    return np.linalg.cross(a, b, axis=axis)


def _tensorsolve(a: Any, b: Any, axes: Any) -> Any:
    return np.linalg.tensorsolve(a, b, axes)


def _tensor_type(args: Args) -> Type:
    kinds = [array_like_type(t) for t in args.types[: 2 if args.schema.name.endswith("ve") else 1]]
    return TensorType(computed(promote(*kinds)))


OPS: tuple[OpDef, ...] = (
    _unary("inv", _same_type, "The inverse matrix; `LinAlgError` if there is none.",
           arrays=lambda: [*_matrices(), *_refused(), np.zeros((2, 2))]),
    _unary("det", _det_type, "The determinant."),
    _unary("slogdet", _slogdet_type, "The sign and the logarithm of the size of the determinant.",
           fields=("sign", "logabsdet")),
    _unary("eig", _eig_type, "Eigenvalues and eigenvectors of a square matrix.",
           fields=("eigenvalues", "eigenvectors")),
    _unary("eigvals", _eigvals_type, "Eigenvalues of a square matrix."),
    _unary("svdvals", _svdvals_type, "Singular values, the largest first.",
           arrays=lambda: [matrix("float64"), _STACK, matrix("int32"), np.ones(3)]),
    op(
        "linalg_cholesky(x: ArrayLike, *, upper: bool = False)",
        doc="The triangular matrix L with L @ L.T (conjugated) equal to the matrix.",
        infer=_same_type,
        kernel=lambda x, upper: np.linalg.cholesky(x, upper=upper),
        traits=(PURE,),
        spellings=[Spelling("numpy.linalg.cholesky", {"a": "x"})],
        samples=lambda: [
            *(tried(np.linalg.cholesky, x) for x in (*_matrices(), *_refused(), -np.eye(2))),
            tried(np.linalg.cholesky, _SQUARE, upper=True),
        ],
    ),
    op(
        "linalg_eigh(x: ArrayLike, UPLO: str = 'L')",
        doc="Eigenvalues, the smallest first, and eigenvectors of a symmetric matrix.",
        infer=_eigh_type,
        kernel=np.linalg.eigh,
        traits=(PURE,),
        fields=("eigenvalues", "eigenvectors"),
        spellings=[Spelling("numpy.linalg.eigh", {"a": "x"})],
        samples=lambda: [
            *(tried(np.linalg.eigh, x) for x in (*_matrices(), *_refused())),
            tried(np.linalg.eigh, _SQUARE, "U"),
        ],
    ),
    op(
        "linalg_eigvalsh(x: ArrayLike, UPLO: str = 'L')",
        doc="Eigenvalues of a symmetric matrix, the smallest first.",
        infer=_eigvalsh_type,
        kernel=np.linalg.eigvalsh,
        traits=(PURE,),
        spellings=[Spelling("numpy.linalg.eigvalsh", {"a": "x"})],
        samples=lambda: [tried(np.linalg.eigvalsh, x) for x in (*_matrices(), *_refused())],
    ),
    op(
        "linalg_svd(x: ArrayLike, full_matrices: bool = True, compute_uv: bool = True, "
        "hermitian: bool = False)",
        doc="Singular vectors and values: U, S and Vh with (U * S) @ Vh equal to the matrix.",
        infer=_svd_type,
        kernel=np.linalg.svd,
        traits=(PURE,),
        fields=("U", "S", "Vh"),
        spellings=[Spelling("numpy.linalg.svd", {"a": "x"})],
        samples=lambda: [
            tried(np.linalg.svd, matrix()), tried(np.linalg.svd, matrix(), False),
            tried(np.linalg.svd, matrix("int32"), compute_uv=False), tried(np.linalg.svd, _STACK),
            tried(np.linalg.svd, _COMPLEX, hermitian=True), tried(np.linalg.svd, np.ones(3)),
        ],
    ),
    op(
        "linalg_qr(x: ArrayLike, mode: str = 'reduced')",
        doc="An orthogonal and a triangular matrix whose product is the matrix.",
        infer=_qr_type,
        kernel=np.linalg.qr,
        traits=(PURE,),
        fields=("Q", "R"),
        spellings=[Spelling("numpy.linalg.qr", {"a": "x"})],
        samples=lambda: [
            tried(np.linalg.qr, x, mode)
            for x in (matrix("float64"), matrix().T, _STACK)
            for mode in ("reduced", "complete", "r")
        ],
    ),
    op(
        "linalg_pinv(x: ArrayLike, rcond: ArrayLike | None = None, hermitian: bool = False)",
        doc="The pseudo-inverse, of Moore and Penrose.",
        infer=_pinv_type,
        kernel=np.linalg.pinv,
        traits=(PURE,),
        spellings=[Spelling("numpy.linalg.pinv", {"a": "x"})],
        samples=lambda: [
            tried(np.linalg.pinv, matrix()), tried(np.linalg.pinv, _STACK),
            tried(np.linalg.pinv, matrix("int32"), 1e-3), tried(np.linalg.pinv, np.ones(3)),
        ],
    ),
    op(
        "linalg_matrix_rank(x: ArrayLike, tol: ArrayLike | None = None, hermitian: bool = False)",
        doc="How many singular values are larger than the tolerance.",
        infer=_rank_type,
        kernel=np.linalg.matrix_rank,
        traits=(PURE,),
        spellings=[Spelling("numpy.linalg.matrix_rank", {"A": "x"})],
        samples=lambda: [
            tried(np.linalg.matrix_rank, x) for x in (matrix(), _STACK, np.ones((3, 3)))
        ],
    ),
    op(
        "linalg_matrix_power(x: ArrayLike, n: int)",
        doc="The product of n copies of a square matrix; of its inverse for a negative n.",
        infer=_power_type,
        kernel=np.linalg.matrix_power,
        traits=(PURE, VIEW),
        spellings=[Spelling("numpy.linalg.matrix_power", {"a": "x"})],
        samples=lambda: [
            *(tried(np.linalg.matrix_power, _SQUARE, n) for n in (0, 1, 2, 3, 5, -2)),
            tried(np.linalg.matrix_power, np.array([[1, 1], [1, 0]]), 10),
            tried(np.linalg.matrix_power, _STACK, 2), tried(np.linalg.matrix_power, np.ones(3), 2),
        ],
    ),
    op(
        "linalg_solve(a: ArrayLike, b: ArrayLike)",
        doc="The x with a @ x equal to b; `LinAlgError` if there is not just one.",
        infer=_solve_type,
        kernel=np.linalg.solve,
        traits=(PURE,),
        spellings=["numpy.linalg.solve"],
        samples=lambda: [
            *(tried(np.linalg.solve, _SQUARE, b) for b in (np.ones(3), np.eye(3), matrix().T)),
            tried(np.linalg.solve, _STACK, np.ones((3, 3, 2), "float32")),
            tried(np.linalg.solve, np.eye(2), np.ones(3)),
            tried(np.linalg.solve, np.zeros((2, 2)), np.ones(2)),
            tried(np.linalg.solve, [[2, 0], [0, 4]], [1, 2]),
        ],
    ),
    op(
        "linalg_lstsq(a: ArrayLike, b: ArrayLike, rcond: float | None = None)",
        doc="The x for which |a @ x - b| is least; residuals, rank and singular values.",
        infer=_lstsq_type,
        kernel=_lstsq,
        traits=(PURE,),
        spellings=["numpy.linalg.lstsq"],
        samples=lambda: [
            tried(np.linalg.lstsq, matrix("float64").T, np.ones(3)),
            tried(np.linalg.lstsq, matrix().T, np.ones((3, 2), "float32"), rcond=1e-6),
            tried(np.linalg.lstsq, np.eye(2), np.ones(3)),
        ],
    ),
    op(
        "linalg_norm(x: ArrayLike, ord: number | str | None = None, "
        "axis: int | ints | None = None, keepdims: bool = False)",
        doc="Length of a vector, or size of a matrix, by the norm that `ord` names.",
        infer=_norm_type,
        kernel=_norm,
        traits=(PURE,),
        spellings=["numpy.linalg.norm"],
        samples=_norms,
    ),
    op(
        "linalg_vector_norm(x: ArrayLike, *, axis: int | ints | None = None, "
        "keepdims: bool = False, ord: number = 2)",
        doc="Length of vectors: of the flat array, or along axes.",
        infer=_vector_norm_type,
        kernel=_vector_norm,
        traits=(PURE,),
        spellings=["numpy.linalg.vector_norm"],
        samples=lambda: [
            tried(np.linalg.vector_norm, matrix()), tried(np.linalg.vector_norm, matrix(), axis=1),
            tried(np.linalg.vector_norm, matrix(), axis=0, keepdims=True, ord=1),
            tried(np.linalg.vector_norm, matrix("int32"), ord=np.inf), sample([3, 4]),
        ],
    ),
    op(
        "linalg_matrix_norm(x: ArrayLike, *, keepdims: bool = False, ord: number | str = 'fro')",
        doc="Size of matrices, by the norm that `ord` names.",
        infer=_matrix_norm_type,
        kernel=_matrix_norm,
        traits=(PURE,),
        spellings=["numpy.linalg.matrix_norm"],
        samples=lambda: [
            *(tried(np.linalg.matrix_norm, x)
              for x in (*_matrices(), np.ones(3), np.ones((2, 2), "float16"))),
            *(tried(np.linalg.matrix_norm, _STACK, ord=o)
              for o in (1, -1, 2, -2, np.inf, -np.inf, "fro", "nuc", "x")),
            tried(np.linalg.matrix_norm, _STACK, keepdims=True),
        ],
    ),
    op(
        "linalg_cond(x: ArrayLike, p: number | str | None = None)",
        doc="How much a matrix may enlarge relative errors, by the norm that `p` names.",
        infer=_cond_type,
        kernel=np.linalg.cond,
        traits=(PURE,),
        spellings=["numpy.linalg.cond"],
        samples=lambda: [
            *(tried(np.linalg.cond, x) for x in (*_matrices(), matrix(), np.ones(3))),
            *(tried(np.linalg.cond, _STACK, p) for p in (1, 2, -2, np.inf, "fro")),
            tried(np.linalg.cond, np.zeros((2, 2))), tried(np.linalg.cond, np.zeros((0, 0))),
        ],
    ),
    op(
        "linalg_multi_dot(arrays: Arrays)",
        doc="Product of several matrices, in the order that costs least.",
        infer=_multi_dot_type,
        kernel=np.linalg.multi_dot,
        traits=(PURE,),
        spellings=[Spelling("numpy.linalg.multi_dot", {}, ("arrays",))],
        samples=lambda: [
            tried(np.linalg.multi_dot, arrays)
            for arrays in (
                [matrix(), matrix().T, matrix()], (matrix(), matrix().T), [np.ones(2), matrix()],
                (np.ones(2), matrix(), np.ones(3)), (matrix("int32"), np.ones(3)), [matrix()],
                (matrix(), matrix()), (np.ones(2), np.eye(2), np.eye(2), np.ones(2)),
            )
        ],
    ),
    op(
        "linalg_outer(a: ArrayLike, b: ArrayLike)",
        doc="All products of elements of two vectors.",
        infer=_outer_type,
        kernel=np.linalg.outer,
        traits=(PURE,),
        spellings=["numpy.linalg.outer"],
        samples=lambda: [
            tried(np.linalg.outer, a, b)
            for a, b in ((np.ones(2), np.arange(3)), ([1, 2], [3, 4]), (matrix(), np.ones(2)),
                         (np.zeros(0), np.ones(2)), (np.ones(2, "float32"), np.ones(1, "int8")))
        ],
    ),
    op(
        "linalg_cross(a: ArrayLike, b: ArrayLike, *, axis: int = -1)",
        doc="Cross product of vectors of three elements.",
        infer=_cross_type,
        kernel=_cross,
        traits=(PURE,),
        spellings=["numpy.linalg.cross"],
        samples=lambda: [
            tried(np.linalg.cross, np.array([1.0, 2.0, 3.0]), np.array([3, 1, 2])),
            tried(np.linalg.cross, matrix(), matrix()[::-1]), tried(np.linalg.cross, matrix(),
            np.ones(3)), tried(np.linalg.cross, matrix().T, matrix().T, axis=0),
            tried(np.linalg.cross, np.ones(2), np.ones(2)), tried(np.linalg.cross, [1, 0, 0],
            [0, 1, 0]),
        ],
    ),
    op(
        "linalg_tensorsolve(a: ArrayLike, b: ArrayLike, axes: ints | None = None)",
        doc="The x whose product with `a`, summed over all axes of x, is `b`.",
        infer=_tensor_type,
        kernel=_tensorsolve,
        traits=(PURE,),
        spellings=["numpy.linalg.tensorsolve"],
        samples=lambda: [
            tried(np.linalg.tensorsolve, np.eye(6).reshape(2, 3, 6), matrix("float64")),
            tried(np.linalg.tensorsolve, np.eye(6).reshape(6, 2, 3), np.ones(6, "float32")),
            tried(np.linalg.tensorsolve, np.ones((2, 3)), np.ones(2)),
        ],
    ),
    op(
        "linalg_tensorinv(a: ArrayLike, ind: int = 2)",
        doc="The inverse of `tensordot` with an array.",
        infer=_tensor_type,
        kernel=np.linalg.tensorinv,
        traits=(PURE,),
        spellings=["numpy.linalg.tensorinv"],
        samples=lambda: [
            tried(np.linalg.tensorinv, np.eye(6).reshape(2, 3, 6)),
            tried(np.linalg.tensorinv, np.eye(6, dtype="float32").reshape(6, 2, 3), 1),
            tried(np.linalg.tensorinv, np.ones((2, 3))),
        ],
    ),
)  # fmt: skip
