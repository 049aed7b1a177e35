"""Primitive tensor operations by their StableHLO names: values and vector-Jacobian products.

`op`, `attributes`; arrays `in0..`, `out0` and, where the op is differentiable, the cotangent `cot0` of `out0` and
`grad<i>` for each float input. Values are computed in float64 (by TensorFlow or NumPy) from the float32 inputs and then
rounded, so they are the true values, not one library's float32.

Conventions: operands of a binary op have one shape (StableHLO does not broadcast). `sign`, `floor`, `ceil` and
`round_nearest_even` have gradient zero. Where `maximum`/`minimum` tie, TensorFlow gives all of the cotangent to the first
operand; where `reduce_max`/`reduce_min` tie, it splits it evenly among the tied elements. The data have no ties except
in the cases named `*_ties`. A gradient of `power` with respect to the exponent is x^y·ln x for x > 0, else 0.
`*_special` cases hold ±0, ±inf and NaN and are forward only.
"""

import numpy as np

from store import Group, random

SHAPES = {"": (3, 5), "odd": (7, 13, 3), "one": (1,), "scalar": (), "empty": (0, 4), "long": (263,)}
AXES = {
    "vector": ((9,), [0]),
    "last": ((3, 5), [1]),
    "first": ((3, 5), [0]),
    "all": ((3, 5), [0, 1]),
    "middle": ((2, 7, 3), [1]),
    "outer": ((2, 7, 3), [0, 2]),
    "rank4": ((2, 3, 4, 5), [1, 2]),
    "none": ((3, 5), []),
    "one": ((1, 1, 6), [0, 1]),
    "long": ((2, 1031), [1]),
    "tall": ((1031, 2), [0]),
    "scalar": ((), []),
    "empty_kept": ((0, 4), [1]),
    "empty_reduced": ((4, 0), [1]),
}


def f32(value):
    return np.asarray(value, "float32")


def scalar_free(r, shape, low, high):
    return f32(r.uniform(low, high, size=shape))


def by_tape(group, case, op, function, inputs, attributes=None, differentiable=True, finite=True):
    """Adds a case computed by TensorFlow in float64, differentiated by its tape."""
    import tensorflow as tf

    tensors = [tf.constant(x, tf.float64 if x.dtype == np.float32 else x.dtype) for x in inputs]
    floats = [i for i, x in enumerate(inputs) if x.dtype == np.float32]
    with tf.GradientTape() as tape:
        for i in floats:
            tape.watch(tensors[i])
        out = function(*tensors)
    arrays = {f"in{i}": x for i, x in enumerate(inputs)}
    arrays["out0"] = f32(out.numpy()) if out.dtype == tf.float64 else out.numpy()
    if differentiable:
        cotangent = f32(random(f"ops/{case}/cotangent").standard_normal(out.shape))
        gradients = tape.gradient(
            out,
            [tensors[i] for i in floats],
            output_gradients=tf.constant(cotangent, tf.float64),
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        arrays["cot0"] = cotangent
        for i, gradient in zip(floats, gradients):
            arrays[f"grad{i}"] = f32(gradient.numpy())
    group.add(case, arrays, finite=finite, op=op, attributes=attributes or {})


def by_moving(group, case, op, function, inputs, attributes, extra=None):
    """Adds a case of an op that only moves elements: `function` is run on element numbers."""
    sizes = np.cumsum([0] + [x.size for x in inputs])
    numbers = [np.arange(a, a + x.size).reshape(x.shape) for a, x in zip(sizes, inputs)]
    pool = np.concatenate([x.reshape(-1) for x in inputs])
    where = function(*numbers)
    cotangent = f32(random(f"ops/{case}/cotangent").standard_normal(where.shape))
    gradient = np.bincount(where.reshape(-1), weights=cotangent.reshape(-1).astype("float64"), minlength=len(pool))
    arrays = {f"in{i}": x for i, x in enumerate(inputs)}
    arrays.update(extra or {})
    arrays["out0"] = pool[where]
    arrays["cot0"] = cotangent
    for i, x in enumerate(inputs):
        arrays[f"grad{i}"] = f32(gradient[sizes[i] : sizes[i + 1]]).reshape(x.shape)
    group.add(case, arrays, op=op, attributes=attributes)


def unary(group):
    import tensorflow as tf

    functions = {
        "abs": (tf.abs, -3, 3),
        "negate": (tf.negative, -3, 3),
        "exponential": (tf.exp, -10, 5),
        "exponential_minus_one": (tf.math.expm1, -5, 3),
        "log": (tf.math.log, 0.01, 20),
        "log_plus_one": (tf.math.log1p, -0.9, 10),
        "sqrt": (tf.sqrt, 0.01, 50),
        "rsqrt": (tf.math.rsqrt, 0.05, 50),
        "tanh": (tf.tanh, -4, 4),
        "logistic": (tf.sigmoid, -12, 12),
        "sign": (tf.sign, -3, 3),
        "floor": (tf.floor, -9, 9),
        "ceil": (tf.math.ceil, -9, 9),
        "round_nearest_even": (tf.round, -9, 9),
        "cosine": (tf.cos, -20, 20),
        "sine": (tf.sin, -20, 20),
        "erf": (tf.math.erf, -4, 4),
    }
    flat = {"sign", "floor", "ceil", "round_nearest_even"}
    special = f32([0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, 1e-30, -1e-30, 80.0, -80.0, 1e30])
    tiny = f32([1e-8, -1e-8, 3e-7, -3e-7, 1e-5, -1e-5, 1e-4, -1e-4, 1e-3, -1e-3, 0.01, -0.01])
    for op, (function, low, high) in functions.items():
        for label, shape in SHAPES.items():
            case = "_".join(filter(None, [op, label]))
            x = scalar_free(random("ops/" + case), shape, low, high)
            zero = (lambda x, f=function: tf.stop_gradient(f(x))) if op in flat else function
            by_tape(group, case, op, zero, [x])
        with np.errstate(all="ignore"):
            by_tape(group, op + "_special", op, function, [special], differentiable=False, finite=False)
        if op in ("exponential_minus_one", "log_plus_one", "tanh", "erf", "sine", "logistic"):
            by_tape(group, op + "_tiny", op, function, [tiny])
    halves = f32(np.arange(-12, 13) / 2)
    by_tape(group, "round_nearest_even_halves", "round_nearest_even", tf.round, [halves], differentiable=False)
    for op, bound in [("sine", 3e4), ("cosine", 3e4)]:
        case = op + "_large"
        x = scalar_free(random("ops/" + case), (64,), -bound, bound)
        by_tape(group, case, op, functions[op][0], [x])


def binary(group):
    import tensorflow as tf

    @tf.custom_gradient
    def remainder(x, y):
        # The sign is the dividend's, as in C. TensorFlow's own op has no gradient.
        quotient = tf.stack(np.trunc(x.numpy() / y.numpy()))
        return tf.constant(np.fmod(x.numpy(), y.numpy())), lambda c: (c, -c * quotient)

    functions = {
        "add": (tf.add, (-3, 3), (-3, 3)),
        "subtract": (tf.subtract, (-3, 3), (-3, 3)),
        "multiply": (tf.multiply, (-3, 3), (-3, 3)),
        "divide": (tf.divide, (-3, 3), (0.2, 3)),
        "maximum": (tf.maximum, (-3, 3), (-3, 3)),
        "minimum": (tf.minimum, (-3, 3), (-3, 3)),
        "power": (tf.pow, (0.1, 3), (-2, 3)),
        "remainder": (remainder, (-9, 9), (-4, -0.5)),
    }
    for op, (function, a, b) in functions.items():
        for label, shape in SHAPES.items():
            case = "_".join(filter(None, [op, label]))
            r = random("ops/" + case)
            x, y = scalar_free(r, shape, *a), scalar_free(r, shape, *b)
            if op == "divide":
                y = f32(y * r.choice([-1, 1], size=shape))
            by_tape(group, case, op, function, [x, y])
    x = f32([5.5, -5.5, 5.5, -5.5, 6.0, -6.0, 1e-3, 7.0])
    y = f32([2.0, 2.0, -2.0, -2.0, 1.5, 1.5, 3.0, 7.0])
    by_tape(group, "remainder_signs", "remainder", remainder, [x, y], differentiable=False)
    x = f32([-2.0, -2.0, -1.5, -3.0, 0.0, 0.0, 2.0, -2.0])
    y = f32([2.0, 3.0, -2.0, 0.0, 0.0, 2.0, 0.0, -1.0])
    by_tape(group, "power_negative_base", "power", tf.pow, [x, y], differentiable=False)
    x = f32([-2.0, -1.5, -3.0, 2.0, 0.5])
    for exponent in (2.0, 3.0, -1.0):
        case = f"power_exponent_{exponent:g}".replace("-", "minus_")
        by_tape(group, case, "power", tf.pow, [x, np.full_like(x, exponent)])
    x, y = f32([1, 2, -3, 0]), f32([1, 5, -3, -1])
    by_tape(group, "maximum_ties", "maximum", tf.maximum, [x, y])
    by_tape(group, "minimum_ties", "minimum", tf.minimum, [x, y])
    x, y = f32([1, -1, 0, np.inf, np.nan, 1]), f32([0, 0, 0, np.inf, 1, np.nan])
    for op in ("add", "subtract", "multiply", "divide"):
        function = functions[op][0]
        by_tape(group, op + "_special", op, function, [x, y], differentiable=False, finite=False)
    xi, yi = np.int32([7, -7, 7, -7, 2**30]), np.int32([2, 2, -2, -2, 3])
    integer = {"add": np.add, "subtract": np.subtract, "remainder": lambda a, b: np.fmod(a, b)}
    integer.update(maximum=np.maximum, minimum=np.minimum, divide=lambda a, b: np.trunc(a / b).astype("int32"))
    for op, function in integer.items():
        group.add(op + "_int32", dict(in0=xi, in1=yi, out0=np.int32(function(xi, yi))), op=op, attributes={})


def choices(group):
    import tensorflow as tf

    r = random("ops/compare")
    x, y = f32(r.randint(-2, 3, size=(3, 7))), f32(r.randint(-2, 3, size=(3, 7)))
    directions = dict(EQ=np.equal, NE=np.not_equal, GE=np.greater_equal, GT=np.greater, LE=np.less_equal, LT=np.less)
    nan_x, nan_y = f32([np.nan, 1, np.nan, np.inf, -np.inf, 0.0]), f32([1, np.nan, np.nan, np.inf, np.inf, -0.0])
    for name, function in directions.items():
        attributes = dict(comparison_direction=name)
        arrays = dict(in0=x, in1=y, out0=function(x, y))
        group.add(f"compare_{name}", arrays, op="compare", attributes=attributes)
        arrays = dict(in0=nan_x, in1=nan_y, out0=function(nan_x, nan_y))
        group.add(f"compare_{name}_special", arrays, finite=False, op="compare", attributes=attributes)
    for label, shape in SHAPES.items():
        case = "_".join(filter(None, ["select", label]))
        r = random("ops/" + case)
        p, a, b = r.rand(*shape) < 0.5, scalar_free(r, shape, -3, 3), scalar_free(r, shape, -3, 3)
        by_tape(group, case, "select", tf.where, [np.asarray(p), a, b])
    x = scalar_free(random("ops/clamp"), (4, 9), -3, 3)
    low, high = f32(np.full(x.shape, -1)), f32(np.full(x.shape, 1.5))
    arrays = dict(in0=low, in1=x, in2=high, out0=np.clip(x, low, high))
    group.add("clamp", arrays, op="clamp", attributes={}, operands=["min", "operand", "max"])


def reductions(group):
    import tensorflow as tf

    functions = dict(sum=tf.reduce_sum, max=tf.reduce_max, min=tf.reduce_min, product=tf.reduce_prod)
    for name, function in functions.items():
        op = "reduce_" + name
        for label, (shape, axes) in AXES.items():
            if label == "empty_reduced" and name in ("max", "min"):
                continue
            case = f"{op}_{label}"
            r = random("ops/" + case)
            if name == "product":
                x = f32(r.choice([-1, 1], size=shape) * r.uniform(0.5, 1.5, size=shape))
                if label in ("long", "tall"):
                    x = f32(r.uniform(0.99, 1.01, size=shape))
            else:
                # Distinct values: no ties.
                size = int(np.prod(shape))
                x = f32(r.permutation(size) * 0.37 - size * 0.17 + r.uniform(0, 0.1, size)).reshape(shape)
            by_tape(group, case, op, lambda x, f=function, a=axes: f(x, axis=a), [x], dict(axes=axes))
    x = f32([[1, 3, 3, 2], [5, 5, 5, 5]])
    for name in ("max", "min"):
        run = lambda x, f=functions[name]: f(x, axis=[1])
        by_tape(group, f"reduce_{name}_ties", "reduce_" + name, run, [x], dict(axes=[1]))
    x = f32([[2, 0, 3], [0, 0, 4], [1, 2, 3]])
    by_tape(group, "reduce_product_zeros", "reduce_product", lambda x: tf.reduce_prod(x, [1]), [x], dict(axes=[1]))
    for name, value in [("max", -np.inf), ("min", np.inf)]:
        arrays = dict(in0=np.zeros((4, 0), "float32"), out0=f32(np.full(4, value)))
        group.add(f"reduce_{name}_empty_reduced", arrays, finite=False, op="reduce_" + name, attributes=dict(axes=[1]))


def dot_general(group):
    import tensorflow as tf

    letters = "abcdefghij"
    cases = {
        "matmul": ((3, 4), (4, 5), [], [], [1], [0]),
        "matmul_odd": ((7, 13), (13, 11), [], [], [1], [0]),
        "matmul_tile_edges": ((33, 65), (65, 49), [], [], [1], [0]),
        "matmul_long": ((3, 1031), (1031, 2), [], [], [1], [0]),
        "matmul_wide": ((2, 3), (3, 257), [], [], [1], [0]),
        "row": ((1, 17), (17, 9), [], [], [1], [0]),
        "column": ((9, 17), (17, 1), [], [], [1], [0]),
        "outer": ((5, 1), (1, 6), [], [], [1], [0]),
        "one": ((1, 1), (1, 1), [], [], [1], [0]),
        "left_transposed": ((4, 3), (4, 5), [], [], [0], [0]),
        "right_transposed": ((3, 4), (5, 4), [], [], [1], [1]),
        "both_transposed": ((4, 3), (5, 4), [], [], [0], [1]),
        "vectors": ((6,), (6,), [], [], [0], [0]),
        "matrix_vector": ((5, 6), (6,), [], [], [1], [0]),
        "vector_matrix": ((6,), (6, 5), [], [], [0], [0]),
        "rank3_dense": ((2, 5, 4), (4, 3), [], [], [2], [0]),
        "rank4_dense": ((2, 3, 2, 4), (4, 3), [], [], [3], [0]),
        "batched": ((3, 2, 4), (3, 4, 5), [0], [0], [2], [1]),
        "batched_transposed": ((3, 2, 4), (3, 5, 4), [0], [0], [2], [2]),
        "two_batches": ((2, 3, 4, 5), (2, 3, 5, 2), [0, 1], [0, 1], [3], [2]),
        "batch_not_first": ((4, 3, 2), (5, 4, 3), [1], [2], [0], [1]),
        "batches_crossed": ((2, 3, 4), (3, 2, 4), [0, 1], [1, 0], [2], [2]),
        "two_contracting": ((3, 4, 5), (4, 5, 6), [], [], [1, 2], [0, 1]),
        "two_contracting_crossed": ((3, 4, 5), (5, 6, 4), [], [], [1, 2], [2, 0]),
        "batch_and_two_contracting": ((2, 3, 4, 5), (2, 5, 4, 3), [0], [0], [2, 3], [2, 1]),
        "no_contracting": ((2, 3), (4,), [], [], [], []),
        "all_batch": ((2, 3), (2, 3), [0, 1], [0, 1], [], []),
        "empty_rows": ((0, 4), (4, 5), [], [], [1], [0]),
        "empty_contracting": ((3, 0), (0, 5), [], [], [1], [0]),
        "empty_batch": ((0, 2, 4), (0, 4, 5), [0], [0], [2], [1]),
    }
    for label, (left, right, lb, rb, lc, rc) in cases.items():
        left_names = list(letters[: len(left)])
        right_names = list("klmnopqrst"[: len(right)])
        for a, b in zip(lb + lc, rb + rc):
            right_names[b] = left_names[a]
        out = [left_names[i] for i in lb]
        out += [c for i, c in enumerate(left_names) if i not in lb + lc]
        out += [c for i, c in enumerate(right_names) if i not in rb + rc]
        equation = f"{''.join(left_names)},{''.join(right_names)}->{''.join(out)}"
        attributes = dict(
            lhs_batching_dimensions=lb,
            rhs_batching_dimensions=rb,
            lhs_contracting_dimensions=lc,
            rhs_contracting_dimensions=rc,
        )
        case = "dot_general_" + label
        r = random("ops/" + case)
        x, y = f32(r.standard_normal(left)), f32(r.standard_normal(right))
        by_tape(group, case, "dot_general", lambda x, y, e=equation: tf.einsum(e, x, y), [x, y], attributes)


def movement(group):
    def data(case, *shapes):
        r = random("ops/" + case)
        return [f32(r.standard_normal(s)) for s in shapes]

    for shape, p in [
        ((3, 4), [1, 0]),
        ((2, 3, 4), [2, 0, 1]),
        ((2, 3, 4), [0, 2, 1]),
        ((2, 3, 4), [0, 1, 2]),
        ((2, 1, 3, 5), [0, 3, 1, 2]),
        ((17, 33), [1, 0]),
        ((0, 3), [1, 0]),
        ((), []),
    ]:
        case = f"transpose_{'x'.join(map(str, shape))}_{''.join(map(str, p))}"
        by_moving(group, case, "transpose", lambda x, p=p: x.transpose(p), data(case, shape), dict(permutation=p))

    for a, b in [((3, 4), (2, 6)), ((2, 3, 4), (24,)), ((6,), (1, 6, 1)), ((1,), ()), ((0, 4), (2, 0)), ((2, 12), (2, 3, 4))]:
        case = f"reshape_{'x'.join(map(str, a))}_to_{'x'.join(map(str, b))}"
        by_moving(group, case, "reshape", lambda x, b=b: x.reshape(b), data(case, a), dict(shape=b))

    def broadcast(x, shape, dimensions):
        full = [1] * len(shape)
        for size, d in zip(x.shape, dimensions):
            full[d] = size
        return np.broadcast_to(x.reshape(full), shape)

    for label, a, b, d in [
        ("bias", (4,), (3, 4), [1]),
        ("column", (3,), (3, 4), [0]),
        ("scalar", (), (2, 3), []),
        ("expand", (1, 4), (3, 4), [0, 1]),
        ("expand_both", (2, 1, 3), (2, 5, 4, 3), [0, 1, 3]),
        ("same", (2, 3), (2, 3), [0, 1]),
        ("channel", (3,), (2, 3, 4, 5), [1]),
        ("to_empty", (4,), (0, 4), [1]),
        ("one_to_empty", (1, 4), (0, 4), [0, 1]),
    ]:
        case = "broadcast_in_dim_" + label
        run = lambda x, b=b, d=d: broadcast(x, b, d)
        by_moving(group, case, "broadcast_in_dim", run, data(case, a), dict(shape=b, broadcast_dimensions=d))

    for label, shapes, d in [
        ("rows", [(2, 3), (4, 3)], 0),
        ("columns", [(2, 3), (2, 1), (2, 4)], 1),
        ("middle", [(2, 1, 3), (2, 2, 3)], 1),
        ("single", [(2, 3)], 0),
        ("with_empty", [(2, 0), (2, 3), (2, 0)], 1),
        ("all_empty", [(0, 3), (0, 3)], 0),
    ]:
        case = "concatenate_" + label
        run = lambda *x, d=d: np.concatenate(x, d)
        by_moving(group, case, "concatenate", run, data(case, *shapes), dict(dimension=d))

    for label, shape, start, limit, strides in [
        ("plain", (5, 6), [1, 2], [4, 5], [1, 1]),
        ("strided", (9, 7), [1, 0], [9, 7], [3, 2]),
        ("inner", (2, 6, 3), [0, 1, 0], [2, 6, 3], [1, 2, 1]),
        ("whole", (3, 4), [0, 0], [3, 4], [1, 1]),
        ("one", (3, 4), [2, 3], [3, 4], [1, 1]),
        ("empty", (3, 4), [1, 1], [1, 4], [1, 1]),
        ("long_stride", (10,), [1], [10], [7]),
    ]:
        case = "slice_" + label
        cut = tuple(slice(*s) for s in zip(start, limit, strides))
        attributes = dict(start_indices=start, limit_indices=limit, strides=strides)
        by_moving(group, case, "slice", lambda x, c=cut: x[c], data(case, shape), attributes)

    def pad(x, value, low, high, interior):
        wide = np.full([max(0, n + max(0, n - 1) * i) for n, i in zip(x.shape, interior)], value)
        wide[tuple(slice(None, None, i + 1) for i in interior)] = x
        for axis, (a, b) in enumerate(zip(low, high)):
            widths = [(0, 0)] * x.ndim
            widths[axis] = (max(a, 0), max(b, 0))
            wide = np.pad(wide, widths, constant_values=value)
            end = wide.shape[axis] + min(b, 0)
            wide = wide.take(np.arange(-min(a, 0), end), axis=axis)
        return wide

    for label, shape, low, high, interior in [
        ("plain", (2, 3), [1, 0], [0, 2], [0, 0]),
        ("interior", (3, 4), [0, 1], [2, 0], [1, 2]),
        ("interior_only", (5,), [0], [0], [3]),
        ("negative", (5, 6), [-1, 2], [0, -3], [0, 0]),
        ("negative_interior", (4,), [-2], [-1], [2]),
        ("nothing", (2, 3), [0, 0], [0, 0], [0, 0]),
        ("spatial", (2, 3, 4, 2), [0, 1, 1, 0], [0, 1, 2, 0], [0, 0, 0, 0]),
        ("empty_in", (0, 2), [2, 0], [1, 1], [1, 0]),
    ]:
        case = "pad_" + label
        x = data(case, shape)[0]
        attributes = dict(edge_padding_low=low, edge_padding_high=high, interior_padding=interior)
        run = lambda x, v, a=(low, high, interior): pad(x, v.item(), *a)
        by_moving(group, case, "pad", run, [x, f32(0.5)], attributes)

    for shape, d in [((5,), [0]), ((3, 4), [1]), ((3, 4), [0, 1]), ((2, 3, 4), [1]), ((3, 4), []), ((0, 4), [0])]:
        case = f"reverse_{'x'.join(map(str, shape))}_{''.join(map(str, d))}"
        run = lambda x, d=d: np.flip(x, tuple(d)) if d else x
        by_moving(group, case, "reverse", run, data(case, shape), dict(dimensions=d))

    for label, shape, indices in [
        ("rows", (6, 3), [4, 0, 0, 5, 2]),
        ("matrix_of_indices", (5, 2), [[0, 4, 1], [1, 1, 3]]),
        ("rank3", (4, 2, 3), [3, 1]),
        ("vector", (7,), [6, 0, 3, 3]),
        ("one", (5, 2), 3),
        ("no_indices", (5, 2), np.zeros((0,))),
    ]:
        case = "gather_" + label
        i = np.asarray(indices, "int32")
        run = lambda x, i=i: x[i]
        by_moving(group, case, "gather", run, data(case, shape), dict(axis=0), extra=dict(in1=i))


def generate():
    group = Group("ops")
    for part in (unary, binary, choices, reductions, dot_general, movement):
        part(group)
    group.write()
