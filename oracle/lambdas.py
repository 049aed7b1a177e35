"""The code of lambdas as each Python writes it, in `fixtures/lambdas.json`: what a `Lambda` layer's config holds.

    python3.6 oracle/lambdas.py >part-36; … python3.13 oracle/lambdas.py >part-313
    python oracle/lambdas.py --join part-* >oracle/fixtures/lambdas.json

Needs no Keras: Keras' `func_dump` is `base64(marshal.dumps(function.__code__))`. Each case says which built-in layer is
meant (`layer`, null where none is) and the keys of its config.
"""

import base64
import json
import marshal
import sys


def outer(c):
    return lambda x: x * c


def rescale(x):
    return x / 127.5 - 1


# The names are never looked up.
SOURCES = [
    ("rescale_255", "lambda x: x / 255", "Rescaling", dict(scale=1 / 255, offset=0)),
    ("rescale_255_float", "lambda x: x / 255.0", "Rescaling", dict(scale=1 / 255)),
    ("times", "lambda x: x * 2", "Rescaling", dict(scale=2, offset=0)),
    ("times_left", "lambda t: 0.5 * t", "Rescaling", dict(scale=0.5)),
    ("minus_one_to_one", "lambda x: x / 127.5 - 1", "Rescaling", dict(scale=1 / 127.5, offset=-1)),
    ("centred", "lambda x: (x - 127.5) / 127.5", "Rescaling", dict(scale=1 / 127.5, offset=-1)),
    ("one_minus", "lambda x: 1 - x", "Rescaling", dict(scale=-1, offset=1)),
    ("negative", "lambda x: -x", "Rescaling", dict(scale=-1, offset=0)),
    ("cast_and_scale", "lambda x: tf.cast(x, tf.float32) / 255.0", "Rescaling", dict(scale=1 / 255)),
    ("cast_word", "lambda x: tf.cast(x, 'float32') / 255.0", "Rescaling", dict(scale=1 / 255)),
    ("cast_named", "lambda x: tf.cast(x, dtype=tf.float32) * 2.0", "Rescaling", dict(scale=2)),
    ("identity", "lambda x: x", "Identity", dict()),
    ("expand_last", "lambda x: tf.expand_dims(x, -1)", "ExpandDims", dict(axis=-1)),
    ("expand_named", "lambda x: tf.expand_dims(x, axis=1)", "ExpandDims", dict(axis=1)),
    ("expand_backend", "lambda x: K.expand_dims(x)", "ExpandDims", dict(axis=-1)),
    ("squeeze", "lambda x: K.squeeze(x, 1)", "Squeeze", dict(axis=1)),
    ("squeeze_named", "lambda x: tf.squeeze(x, axis=-1)", "Squeeze", dict(axis=-1)),
    ("resize", "lambda x: tf.image.resize(x, (96, 64))", "Resizing", dict(height=96, width=64, interpolation="bilinear")),
    ("resize_list", "lambda x: tf.image.resize(x, [32, 32], method='nearest')", "Resizing", dict(height=32, width=32, interpolation="nearest")),
    ("resize_with_pad", "lambda x: tf.image.resize_with_pad(x, 160, 120)", "Resizing", dict(height=160, width=120, pad_to_aspect_ratio=True)),
    ("l2_normalize", "lambda x: tf.math.l2_normalize(x, axis=1)", "UnitNormalization", dict(axis=1)),
    ("l2_normalize_backend", "lambda x: K.l2_normalize(x, -1)", "UnitNormalization", dict(axis=-1)),
    ("mean_time", "lambda x: tf.reduce_mean(x, axis=1)", "GlobalAveragePooling1D", dict(keepdims=False)),
    ("mean_places", "lambda x: K.mean(x, axis=[1, 2])", "GlobalAveragePooling2D", dict(keepdims=False)),
    ("mean_keep", "lambda x: tf.reduce_mean(x, axis=[1, 2], keepdims=True)", "GlobalAveragePooling2D", dict(keepdims=True)),
    ("max_places", "lambda x: tf.reduce_max(x, [1, 2])", "GlobalMaxPooling2D", dict(keepdims=False)),
    ("relu", "lambda x: tf.nn.relu(x)", "Activation", dict(activation="relu")),
    ("swish", "lambda x: tf.nn.swish(x)", "Activation", dict(activation="silu")),
    ("reshape", "lambda x: tf.reshape(x, (-1, 4, 2))", "Reshape", dict(target_shape=[4, 2])),
    ("permute", "lambda x: tf.transpose(x, perm=[0, 2, 1])", "Permute", dict(dims=[2, 1])),
    ("add", "lambda x: x[0] + x[1]", "Add", dict()),
    ("concat", "lambda x: tf.concat([x[0], x[1]], axis=-1)", "Concatenate", dict(axis=-1)),
    ("two_inputs", "lambda x, y: x * y", None, None),
    ("square", "lambda x: x ** 2", None, None),
    ("distance", "lambda x: K.abs(x[0] - x[1])", None, None),
    ("last_step", "lambda x: x[:, -1, :]", None, None),
    ("unknown_global", "lambda x: x / SCALE", None, None),
    ("branch", "lambda x: x / 255 if FLAG else x", None, None),
    ("loop", "lambda x: [y for y in x]", None, None),
    ("evil", "lambda x: __import__('os').system('true') or x", None, None),
]


def config(function, arguments=None, closure=None):
    code = function.__code__
    if hasattr(code, "replace"):
        code = code.replace(co_filename="lambdas.py")
    code = base64.encodebytes(marshal.dumps(code)).decode("ascii")
    inner = {"code": code, "defaults": None, "closure": closure}
    return {"name": "lambda", "function": {"class_name": "__lambda__", "config": inner}, "arguments": arguments or {}}


def cases():
    version = "%d.%d" % sys.version_info[:2]
    for name, source, layer, layer_config in SOURCES:
        yield dict(case=name, python=version, config=config(eval(source)), layer=layer, layer_config=layer_config)
    yield dict(case="closure", python=version, config=config(outer(3.0), closure=[3.0]), layer="Rescaling", layer_config=dict(scale=3))
    yield dict(case="function", python=version, config=config(rescale), layer="Rescaling", layer_config=dict(scale=1 / 127.5, offset=-1))
    arguments = config(eval("lambda x, factor: x * factor"), arguments=dict(factor=0.25))
    yield dict(case="arguments", python=version, config=arguments, layer="Rescaling", layer_config=dict(scale=0.25))


def main(arguments):
    found = list(cases())
    if arguments[:1] == ["--join"]:
        found = [case for path in arguments[1:] for case in json.load(open(path))]
    print("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in found) + "\n]")


main(sys.argv[1:])
