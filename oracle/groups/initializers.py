"""Initializers: what the random values must look like (our stream is not Keras').

`class_name`, `config`, `shape`, `distribution`: `constant` (`value`), `uniform` (on `minimum`, `maximum`), `normal` (`mean`,
`stddev`), `truncated_normal` (`mean`, `scale`: a normal of that standard deviation cut at ± 2 scales, so that the standard
deviation of the values is `stddev` = 0.8796 · scale and all lie within `minimum`, `maximum`) or `matrix` (`identity`,
`orthogonal`). `sample`: mean, standard deviation, minimum and maximum of Keras' own draw with seed 1.

VarianceScaling's truncated normal divides its standard deviation by .87962566103423978 first, so the *values* have the
standard deviation sqrt(scale / fan); TruncatedNormal does not.
"""

import numpy as np

from store import Group

SHAPES = {"dense": (200, 100), "conv": (3, 3, 16, 32)}
CUT = 0.87962566103423978  # The standard deviation of a standard normal cut at ± 2.


def fans(shape):
    field = int(np.prod(shape[:-2]))
    return shape[-2] * field, shape[-1] * field


def scaled(scale, mode, distribution, shape):
    fan_in, fan_out = fans(shape)
    n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]
    variance = scale / max(1.0, n)
    if distribution == "uniform":
        limit = float(np.sqrt(3 * variance))
        return dict(distribution="uniform", minimum=-limit, maximum=limit)
    stddev = float(np.sqrt(variance))
    if distribution == "untruncated_normal":
        return dict(distribution="normal", mean=0.0, stddev=stddev)
    return cut_normal(0.0, stddev / CUT)


def cut_normal(mean, scale):
    return dict(
        distribution="truncated_normal",
        mean=mean,
        scale=scale,
        stddev=CUT * scale,
        minimum=mean - 2 * scale,
        maximum=mean + 2 * scale,
    )


def check(case, values, expected):
    """Keras' draw agrees with the formula."""
    if expected["distribution"] in ("constant", "matrix"):
        return
    low, high = expected.get("minimum", -np.inf), expected.get("maximum", np.inf)
    assert values.min() >= low - 1e-6 and values.max() <= high + 1e-6, case
    mean = expected.get("mean", (low + high) / 2)
    stddev = expected.get("stddev") or (high - low) / np.sqrt(12)
    assert abs(values.std() / stddev - 1) < 0.04, (case, values.std(), stddev)
    assert abs(values.mean() - mean) < 5 * stddev / np.sqrt(values.size), (case, values.mean(), mean)


def generate():
    import keras

    i = keras.initializers
    group = Group("initializers")
    variance = lambda *a: lambda shape: scaled(*a, shape)
    fixed = lambda **k: lambda shape: k
    table = [
        ("zeros", i.Zeros(), fixed(distribution="constant", value=0.0)),
        ("ones", i.Ones(), fixed(distribution="constant", value=1.0)),
        ("constant", i.Constant(0.25), fixed(distribution="constant", value=0.25)),
        ("glorot_uniform", i.GlorotUniform(seed=1), variance(1.0, "fan_avg", "uniform")),
        ("glorot_normal", i.GlorotNormal(seed=1), variance(1.0, "fan_avg", "truncated_normal")),
        ("he_uniform", i.HeUniform(seed=1), variance(2.0, "fan_in", "uniform")),
        ("he_normal", i.HeNormal(seed=1), variance(2.0, "fan_in", "truncated_normal")),
        ("lecun_uniform", i.LecunUniform(seed=1), variance(1.0, "fan_in", "uniform")),
        ("lecun_normal", i.LecunNormal(seed=1), variance(1.0, "fan_in", "truncated_normal")),
        ("random_normal", i.RandomNormal(seed=1), fixed(distribution="normal", mean=0.0, stddev=0.05)),
        ("random_normal_other", i.RandomNormal(1.5, 0.3, seed=1), fixed(distribution="normal", mean=1.5, stddev=0.3)),
        ("random_uniform", i.RandomUniform(seed=1), fixed(distribution="uniform", minimum=-0.05, maximum=0.05)),
        ("random_uniform_other", i.RandomUniform(1, 3, seed=1), fixed(distribution="uniform", minimum=1.0, maximum=3.0)),
        ("truncated_normal", i.TruncatedNormal(seed=1), fixed(**cut_normal(0.0, 0.05))),
        ("truncated_normal_other", i.TruncatedNormal(1.0, 0.5, seed=1), fixed(**cut_normal(1.0, 0.5))),
        ("variance_scaling", i.VarianceScaling(seed=1), variance(1.0, "fan_in", "truncated_normal")),
        (
            "variance_scaling_fan_out_uniform",
            i.VarianceScaling(3.0, "fan_out", "uniform", seed=1),
            variance(3.0, "fan_out", "uniform"),
        ),
        (
            "variance_scaling_fan_avg_untruncated",
            i.VarianceScaling(0.5, "fan_avg", "untruncated_normal", seed=1),
            variance(0.5, "fan_avg", "untruncated_normal"),
        ),
        ("orthogonal", i.Orthogonal(seed=1), fixed(distribution="matrix", matrix="orthogonal", gain=1.0)),
        ("orthogonal_gain", i.Orthogonal(2.0, seed=1), fixed(distribution="matrix", matrix="orthogonal", gain=2.0)),
        ("identity", i.Identity(), fixed(distribution="matrix", matrix="identity", gain=1.0)),
        ("identity_gain", i.Identity(0.5), fixed(distribution="matrix", matrix="identity", gain=0.5)),
    ]
    for name, initializer, expected in table:
        for label, shape in SHAPES.items():
            if name.startswith("identity") and len(shape) != 2:
                continue
            values = np.asarray(initializer(shape), "float64")
            says = expected(shape)
            check(name, values, says)
            if says.get("matrix") == "orthogonal":
                flat = values.reshape(-1, shape[-1])
                assert np.allclose(flat.T @ flat, np.eye(shape[-1]) * says["gain"] ** 2, atol=1e-5), name
            config = keras.saving.serialize_keras_object(initializer)
            sample = dict(mean=values.mean(), stddev=values.std(), minimum=values.min(), maximum=values.max())
            sample = {k: float(f"{v:.6g}") for k, v in sample.items()}
            group.add(f"{name}_{label}", class_name=config["class_name"], config=config, shape=shape, **says, sample=sample)
    group.write()
