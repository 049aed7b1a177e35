"""All 30 functions of `keras.activations`: values and gradients.

`function`, `arguments`; arrays `x`, `y`, `cotangent`, `grad_x`, float32 as Keras computes it. The data hold large, small and
negative values and exact zeros. `float64`: how far Keras' float32 is from its float64, in units of the tests' tolerance
(`y` and `grad_x`); where it is above 1 the arrays hold the float64 result, rounded, and `rounded` is true.

At a kink Keras takes relu'(0) = 0, relu6'(0) = relu6'(6) = 0, leaky_relu'(0) = slope, hard_sigmoid'(±3) = 1/6, and others:
see the `*_kinks` cases. Two things there are Keras' mistakes, recorded as they are: celu'(0) = 1 + 1 = 2 (both halves give
their slope), and `sparsemax` does not sum to 1 where more than one element is in its support (it adds up all the partial
sums up to the support's size where it should take the last).
"""

import numpy as np

from store import Group, drift, random

CASES = {
    "celu": [{}, dict(alpha=0.5)],
    "elu": [{}, dict(alpha=0.5)],
    "exponential": [{}],
    "gelu": [{}, dict(approximate=True)],
    "glu": [{}, dict(axis=1)],
    "hard_shrink": [{}, dict(threshold=1.5)],
    "hard_sigmoid": [{}],
    "hard_silu": [{}],
    "hard_tanh": [{}],
    "leaky_relu": [{}, dict(negative_slope=0.01)],
    "linear": [{}],
    "log_sigmoid": [{}],
    "log_softmax": [{}, dict(axis=0), dict(axis=1)],
    "mish": [{}],
    "relu": [{}, dict(negative_slope=0.1), dict(max_value=3.0), dict(threshold=1.0), dict(negative_slope=0.2, max_value=4.0, threshold=-0.5)],
    "relu6": [{}],
    "selu": [{}],
    "sigmoid": [{}],
    "silu": [{}],
    "soft_shrink": [{}, dict(threshold=1.5)],
    "softmax": [{}, dict(axis=0), dict(axis=1)],
    "softplus": [{}],
    "softsign": [{}],
    "sparse_plus": [{}],
    "sparse_sigmoid": [{}],
    "sparsemax": [{}, dict(axis=0)],
    "squareplus": [{}, dict(b=1)],
    "tanh": [{}],
    "tanh_shrink": [{}],
    "threshold": [dict(threshold=1.0, default_value=-2.0)],
}
EXTREME = [-1e4, -200.0, -100.0, -88.0, -50.0, -20.0, -15.0, -9.0, -6.5, -5.5, -3.5, -1e-3, -1e-6, 0.0]


def run(function, arguments, x, cotangent, dtype):
    import tensorflow as tf

    x = tf.constant(x, dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.identity(function(x, **arguments))
    seed = tf.constant(cotangent(y.shape), dtype)
    gradient = tape.gradient(y, x, output_gradients=seed, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return y.numpy(), gradient.numpy()


def add(group, case, name, arguments, x):
    import keras

    function = getattr(keras.activations, name)
    x = np.asarray(x, "float32")
    cotangent = lambda shape: random(f"activations/{case}/cotangent").standard_normal(tuple(shape)).astype("float32")
    y, gradient = run(function, arguments, x, cotangent, "float32")
    y64, gradient64 = run(function, arguments, x, cotangent, "float64")
    noise = [drift(y, y64), drift(gradient, gradient64)]
    rounded = not max(noise) <= 1
    if rounded:
        print(f"note: activations/{case}: float32 is {max(noise):.2g} tolerances from float64")
        y, gradient = y64.astype("float32"), gradient64.astype("float32")
    arrays = dict(x=x, y=y, cotangent=cotangent(y.shape), grad_x=gradient)
    noise = [float(f"{v:.2g}") for v in noise]
    group.add(case, arrays, function=name, arguments=arguments, float64=noise, rounded=rounded)


def generate():
    group = Group("activations")
    for name, variants in CASES.items():
        for arguments in variants:
            tail = "".join(f"_{k}_{v}" for k, v in arguments.items()).replace("-", "minus_").replace(".", "_")
            case = name + tail
            r = random("activations/" + case)
            add(group, case, name, arguments, r.uniform(-6, 6, (3, 4, 6)))
            if name not in ("glu", "exponential"):
                x = np.array(EXTREME + [-v for v in EXTREME[::-1]])
                x = x.reshape(4, 7) if "axis" not in arguments else x.reshape(2, 2, 7)
                add(group, case + "_extreme", name, arguments, x)
        if name in ("softmax", "log_softmax", "sparsemax"):
            add(group, name + "_equal", name, {}, [[2.0, 2.0, 2.0], [-1e4, -1e4, -1e4]])
            add(group, name + "_one", name, {}, [[2.0], [-7.0]])
    add(group, "exponential_extreme", "exponential", {}, [[-100.0, -20.0, -1e-6, 0.0, 1e-6, 10.0, 20.0]])
    kinks = [[-6.0, -3.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 3.0, 6.0]]
    for name in (
        "relu relu6 leaky_relu elu selu hard_sigmoid hard_silu hard_tanh hard_shrink soft_shrink "
        "softsign celu sparse_plus sparse_sigmoid"
    ).split():
        add(group, name + "_kinks", name, {}, kinks)
    group.write()
