"""Functional models: several inputs and outputs, dictionaries, nested and shared layers, operations on symbolic tensors.

Whole files in `fixtures/functional/NAME.keras`, not compiled. `config` (the file's `config.json`), `summaries` (a list of
`{options, text}`), `input_names`, `output_names`. Arrays: `x<i>` and `y<i>` (of `predict`) in Keras' flat order.

Cases with `compile` are trained: `compile` holds the arguments by Keras' names, `fit` those of `fit`, `history` the dictionary
of three epochs as a list of `[key, values]` in Keras' order, `evaluate` likewise; `target<i>` the targets in flat order, and
`sample_weight` where there is one. All batches have as many rows: with TensorFlow alone Keras counts a short batch as much as
a full one in the losses of single outputs.
"""

import json
import os
import zipfile

import numpy as np

from groups.models import fixed
from groups.trajectories import initial
from store import FIXTURES, Group, random


def flat(structure):
    from keras import tree

    return [np.asarray(leaf) for leaf in tree.flatten(structure)]


def data(r, model, rows=6):
    shapes = [(rows,) + tuple(t.shape[1:]) for t in model.inputs]
    return [r.uniform(0.2, 2, shape).astype(t.dtype) for shape, t in zip(shapes, model.inputs)]


def add(group, case, model, options=(), compiled=None, targets=(), fit=None, weight=None):
    import keras
    from keras import tree

    r = random(f"functional/{model.name}")
    model.set_weights(initial(r, model.weights))
    inputs = data(r, model)
    x = tree.pack_sequence_as(model._inputs_struct, inputs) if hasattr(model, "_inputs_struct") else inputs[0]
    file = f"functional/{'two_heads' if case.startswith('heads') else case}.keras"
    path = FIXTURES / file
    path.parent.mkdir(parents=True, exist_ok=True)
    model.save(path)
    members = dict(fixed(path))
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    again = keras.models.load_model(path)
    outputs = flat(again.predict(x, verbose=0))
    extra = {}
    arrays = {f"x{i}": a for i, a in enumerate(inputs)} | {f"y{i}": a for i, a in enumerate(outputs)}
    if compiled is not None:
        arrays |= {f"target{i}": a for i, a in enumerate(targets)}
        more = {}
        if weight is not None:
            arrays["sample_weight"] = weight
            more = dict(sample_weight=weight)
        compiled = dict(optimizer="sgd") | compiled
        again.compile(**compiled, jit_compile=False)
        y = tree.pack_sequence_as(again._outputs_struct, list(targets))
        fit = dict(epochs=3, batch_size=3, shuffle=False) | (fit or {})
        history = again.fit(x, y, verbose=0, **fit, **more).history
        evaluated = again.evaluate(x, y, verbose=0, return_dict=True)
        extra = dict(
            compile=compiled,
            fit=fit,
            history=[[k, [float(v) for v in values]] for k, values in history.items()],
            evaluate=[[k, float(v)] for k, v in evaluated.items()],
        )
    summaries = []
    for arguments in [{}, *options]:
        lines = []
        # A narrow terminal would cut long lines off.
        os.environ["COLUMNS"] = "200" if arguments.get("line_length", 0) > 80 else "80"
        model.summary(print_fn=lambda text: lines.append(text), **arguments)
        summaries.append(dict(options=arguments, text="".join(lines)))
    group.add(
        case,
        arrays,
        file=file,
        config=json.loads(members["config.json"]),
        summaries=summaries,
        input_names=[t.name for t in model.inputs],
        output_names=list(model.output_names),
        **extra,
    )


def arithmetic():
    from keras import Input, Model, ops

    x, y = Input((4, 6), name="x"), Input((4, 6), name="y")
    outputs = [
        x + y,
        x * 2.0 + 1.0,
        3.0 / x,
        -x,
        x / y,
        x**2.0,
        2 - x,
        x // 0.5,
        (x - y) % 0.75,
        ops.maximum(x, y),
        ops.minimum(x, 1),
        abs(x - y),
        ops.power(x, y),
        ops.divide(x, y),
        ops.where(x > y, x, -1.0),
        ops.cast(ops.logical_and(x >= y, x < 1.5), "float32"),
        ops.cast(ops.logical_or(x <= y, ops.not_equal(x, y)), "int32"),
        ops.cast(ops.logical_not(ops.equal(x, y)), "float32"),
        ops.clip(x, 0.5, 1.0),
        x @ ops.transpose(y, (0, 2, 1)),
    ]
    return Model([x, y], outputs, name="arithmetic")


def functions():
    from keras import Input, Model, ops

    x = Input((4, 6), name="x")
    n = Input((3,), dtype="int32", name="n")
    names = "absolute exp expm1 log log1p sqrt rsqrt square sin cos tanh floor ceil sign reciprocal negative "
    names += "relu relu6 sigmoid silu softplus softsign selu hard_sigmoid hard_silu log_sigmoid softmax"
    outputs = [getattr(ops, name)(x - 1.0 if name in ("absolute", "floor", "ceil", "sign") else x) for name in names.split()]
    outputs += [ops.softmax(x, axis=1), ops.log_softmax(x), n * 2, n * 0.5, n / 2, ops.sqrt(n), ops.cast(n, "float32")]
    return Model([x, n], outputs, name="functions")


def shapes():
    from keras import Input, Model, ops

    x, y = Input((4, 6), name="x"), Input((4, 6), name="y")
    outputs = [
        x[:, 0],
        x[:, 1:3, ..., None],
        x[:, -1],
        x[..., ::2],
        x[:, ::-1, -3:],
        x[:, :100, 5:1:-2],
        ops.mean(x, axis=-1),
        ops.mean(x, axis=(1, 2), keepdims=True),
        ops.sum(x, axis=1),
        ops.max(x, axis=[1, 2]),
        ops.min(x, axis=-2, keepdims=True),
        ops.prod(x, axis=2),
        ops.var(x, axis=1),
        ops.std(x, axis=-1),
        ops.reshape(x, (-1, 24)),
        ops.reshape(x, (-1, 6, 4)),
        ops.expand_dims(x, 1),
        ops.expand_dims(x, (1, -1)),
        ops.squeeze(x[:, :1], 1),
        ops.squeeze(x[:, :1]),
        ops.concatenate([x, y], axis=-1),
        ops.stack([x, y, x], axis=1),
        ops.transpose(x, (0, 2, 1)),
    ]
    return Model([x, y], outputs, name="shapes")


def arranged():
    from keras import Input, Model, ops

    x, y = Input((4, 6), name="x"), Input((4, 6), name="y")
    first, second, third = ops.split(x, 3, axis=-1)
    left, right = ops.split(y, [1], axis=1)
    outputs = [
        ops.argmax(x, axis=-1),
        ops.argmin(x, axis=1),
        ops.argmax(x, axis=2, keepdims=True),
        ops.tile(x, (1, 2, 1)),
        ops.pad(x, ((0, 0), (1, 2), (0, 1))),
        first * third,
        second,
        left,
        right,
        ops.einsum("bij,bkj->bik", x, y),
        ops.norm(x, axis=-1),
        ops.norm(x, axis=(1, 2), keepdims=True),
        ops.norm(x, ord=1, axis=1),
        ops.logsumexp(x, axis=-1),
        ops.logsumexp(x, axis=1, keepdims=True),
        ops.zeros_like(x) + ops.ones_like(y),
        ops.swapaxes(x, 1, 2),
        ops.flip(x, axis=1),
    ]
    return Model([x, y], outputs, name="arranged")


def nested():
    from keras import Input, Model, Sequential, layers

    def block(name, units, features):
        inputs = Input((features,))
        hidden = layers.Dense(units, activation="relu")(inputs)
        return Model(inputs, [hidden, layers.Dense(2)(hidden * 0.5)], name=name)

    inner = block("inner", 5, 3)
    tower = Sequential([Input((4,)), layers.Dense(3, activation="tanh"), layers.BatchNormalization()], name="tower")
    deep = Sequential([Input((4,)), tower, layers.Dense(3)], name="deep")
    x, y = Input((4,), name="x"), Input((4,), name="y")
    wide, narrow = inner(deep(x))
    twice, _ = inner(layers.Dense(3)(y))
    return Model([x, y], [layers.Dense(1, name="out")(wide - twice), narrow], name="nested")


def shared():
    from keras import Input, Model, layers, ops

    encoder = layers.Dense(3, activation="tanh", name="encoder")
    left, right = Input((4,), name="left"), Input((4,), name="right")
    a, b = encoder(left), encoder(right)
    cosine = ops.sum(a * b, axis=-1, keepdims=True) / (
        ops.sqrt(ops.sum(a * a, axis=-1, keepdims=True)) * ops.sqrt(ops.sum(b * b, axis=-1, keepdims=True))
    )
    return Model([left, right], layers.Dense(1, activation="sigmoid", name="same")(cosine), name="siamese")


def dictionaries():
    from keras import Input, Model, layers

    size, age = Input((2,), name="size"), Input((3,), name="age")
    hidden = layers.Dense(4, activation="relu", name="hidden")(size) * layers.Dense(4, name="gate")(age)
    price, kind = layers.Dense(1, name="price_head")(hidden), layers.Dense(3, activation="softmax", name="kind_head")(hidden)
    return Model({"size": size, "age": age}, {"price": price, "kind": kind}, name="dictionaries")


def dictionary_inside():
    from keras import Input, Model, layers

    inner = dictionaries()
    a, b = Input((2,), name="a"), Input((3,), name="b")
    outputs = inner({"size": a, "age": b})
    return Model([a, [b]], [outputs["price"], {"k": outputs["kind"]}], name="dictionary_inside")


def two_heads():
    from keras import Input, Model, layers

    x = Input((5,), name="x")
    hidden = layers.Dense(4, activation="tanh", name="hidden")(x)
    heads = [layers.Dense(1, name="zone")(hidden), layers.Dense(3, activation="softmax", name="kind")(hidden)]
    return Model(x, heads, name="two_heads")


def one_in_lists():
    from keras import Input, Model, layers

    x = Input((4,), name="x")
    return Model([x], [layers.Dense(2, name="out")(x)], name="one_in_lists")


def generate():
    import keras

    group = Group("functional")
    fresh = lambda make: (keras.backend.clear_session(), make())[1]
    add(group, "arithmetic", fresh(arithmetic))
    add(group, "functions", fresh(functions))
    add(group, "shapes", fresh(shapes))
    add(group, "arranged", fresh(arranged))
    options = [
        dict(expand_nested=True),
        dict(show_trainable=True, line_length=100),
        dict(expand_nested=True, show_trainable=True, positions=[0.4, 0.6, 0.75, 1.0], line_length=120),
        dict(layer_range=["deep", "sub"]),
        dict(line_length=60),
    ]
    add(group, "nested", fresh(nested), options)
    add(group, "shared", fresh(shared), [dict(positions=[0.25, 0.5, 0.7, 1.0])])
    add(group, "dictionary_inside", fresh(dictionary_inside), [dict(expand_nested=True)])
    add(group, "one_in_lists", fresh(one_in_lists))

    r = random("functional/targets")
    zone = r.standard_normal((6, 1)).astype("float32")
    kind = r.randint(0, 3, 6).astype("int32")
    one_hot = np.eye(3, dtype="float32")[kind]
    weight = r.uniform(0.2, 2, 6).astype("float32")
    heads = lambda case, compiled, targets, **more: add(group, case, fresh(two_heads), (), compiled, targets, **more)
    sparse = "sparse_categorical_crossentropy"
    heads("heads_list", dict(loss=["mse", sparse], metrics=[["mae"], ["accuracy"]]), [zone, kind])
    named = dict(loss={"kind": sparse, "zone": "mse"}, loss_weights={"kind": 0.5, "zone": 2.0}, metrics={"kind": ["acc", "accuracy"]})
    heads("heads_dict", named, [zone, kind], fit=dict(validation_split=0.5))
    heads("heads_one_loss", dict(loss="mse", metrics=["mae", "mse"]), [zone, one_hot])
    both = dict(loss=["mse", sparse], metrics=[["mae", "mae"], None], weighted_metrics=[["mae", "mse"], ["accuracy"]])
    heads("heads_weighted", both, [zone, kind], weight=weight)
    compiled = dict(loss={"price": "mae", "kind": sparse}, loss_weights={"price": 3.0, "kind": 1.0}, metrics={"price": ["mse"]})
    add(group, "dictionaries", fresh(dictionaries), [dict(show_trainable=True)], compiled, [kind, zone])
    group.write()
    size = sum(p.stat().st_size for p in (FIXTURES / "functional").glob("*.keras"))
    print(f"functional/*.keras: {size:,} bytes")
