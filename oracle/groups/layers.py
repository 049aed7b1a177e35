"""Layers: configuration, weights, output, gradients, changed state.

`class_name`; `config`, the whole `keras.saving.serialize_keras_object(layer)` dictionary of the built layer (module,
class_name, config, registered_name, build_config); `input_shapes`; `training`; `trainable`; `weights`, one
`{name, path, shape, dtype, trainable}` for each of `layer.weights` in order; `variables`, the paths of `layer.variables`
(which adds seed generators).

Arrays: `input<i>`, `weight<i>` (the values before the call), `output0`; where `differentiable`, `cotangent0`,
`grad_input<i>` and `grad_weight<i>` for every trainable weight; `new_weight<i>` for every weight the call changed;
`adapt0` where the layer learned its state with `adapt(adapt0)`. `<i>` of a weight is its index in `layer.weights`.
`mask<i>` is the mask of an input, `output_mask` that of the output. `loss` is what the layer adds to the loss by itself.

Float32 as Keras computes it; every case is computed in float64 as well and must agree within a fifth of the tests' tolerance.
"""

import numpy as np

from store import Group, drift, random


def generate():
    group = Group("layers")
    for part in (inputs, dense, activation, dropout, flatten, normalization, batch_normalization):
        part(group)
    group.write()


def value_of(r, weight):
    """A value for `weight` that no test passes by luck."""
    value = r.standard_normal(weight.shape) * 0.5
    if "variance" in weight.name:
        value = r.uniform(0.3, 2.5, weight.shape)
    elif weight.name == "gamma":
        value = r.uniform(0.5, 1.5, weight.shape)
    return value.astype("float32")


def call(layer, xs, cotangent, training, differentiable, masks=(), as_list=False, apart=0, arguments=None):
    """The output, the gradients, the state after one call, and the mask of the output."""
    import tensorflow as tf
    from keras.src import backend

    trainable = [w.value for w in layer.trainable_weights]
    for x, mask in zip(xs, masks):
        if mask is not None:
            backend.set_keras_mask(x, tf.constant(mask))
    with tf.GradientTape() as tape:
        for x in xs:
            if x.dtype.is_floating:
                tape.watch(x)
        positional = [list(xs)] if as_list else list(xs)[: apart or None]
        named = {name: xs[-1] if value is True and name == "attention_mask" else value for name, value in (arguments or {}).items()}
        out = layer(*positional, training=training, **named)
    if isinstance(out, tuple):
        out = out[0]
    mask = backend.get_keras_mask(out)
    gradients = []
    if differentiable:
        cotangent = tf.constant(cotangent(out.shape), out.dtype)
        gradients = tape.gradient(
            out, list(xs) + trainable, output_gradients=cotangent, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
    mask = None if mask is None else mask.numpy()
    return out.numpy(), [tf.convert_to_tensor(g).numpy() for g in gradients], [w.numpy() for w in layer.weights], mask


def add(
    group,
    case,
    make,
    shapes,
    training=False,
    low=-2,
    high=2,
    adapt=None,
    differentiable=True,
    before=None,
    given=None,
    masks=(),
    as_list=False,
    loss=False,
    apart=0,
    arguments=None,
):
    """Adds the case of the layer `make()` on random inputs of `shapes`, or on those of `given`, which have these `masks`.

    `as_list` is for layers that merge, `apart` the number of inputs of one that takes them apart; `arguments` are those of the call by
    name, where the last input is the `attention_mask` if there is one; `loss` says that the layer adds to the loss by itself.
    """
    import keras
    import tensorflow as tf

    r = random("layers/" + case)
    xs = given or [r.uniform(low, high, size=s).astype("float32") for s in shapes]
    shapes = [x.shape for x in xs]
    seeded = lambda shape: random(f"layers/{case}/cotangent").standard_normal(tuple(shape)).astype("float32")
    results = []
    for dtype in ("float32", "float64"):
        keras.backend.clear_session()
        layer = make()
        if dtype == "float64":
            config = layer.get_config()
            config["dtype"] = "float64"
            layer = type(layer).from_config(config)
        if adapt is not None:
            layer.adapt(adapt)
        if adapt is None:
            batchless = [(None, *s[1:]) for s in shapes]
            layer.build(*([batchless] if as_list else batchless[: apart or 1]))
        if dtype == "float32":
            weights = [w.numpy() if adapt is not None else value_of(r, w) for w in layer.weights]
        if layer.weights:
            layer.set_weights(weights)
        if before:
            before(layer)
        if dtype == "float32":
            kept = layer
            described = keras.saving.serialize_keras_object(layer)
            paths = [v.path for v in layer.variables]
        tensors = [tf.constant(x, dtype if x.dtype.kind == "f" else x.dtype) for x in xs]
        results.append(call(layer, tensors, seeded, training, differentiable, masks, as_list, apart, arguments))
    (out, gradients, after, out_mask), (out64, gradients64, after64, _) = results
    # A gradient that is 0 but for rounding (that of a bias in front of a softmax) has no digits to compare.
    vanishing = [0 < np.abs(b).max(initial=0) < 1e-12 for b in gradients64]
    compared = [(a, b) for a, b, vanishes in zip(gradients, gradients64, vanishing) if not vanishes]
    for a, b in [(out, out64), *compared, *zip(after, after64)]:
        if drift(a, b) > 0.2:
            print(f"note: layers/{case}: float32 is {drift(a, b):.2f} tolerances from float64")
    arrays = {f"input{i}": x for i, x in enumerate(xs)}
    arrays.update({f"weight{i}": w for i, w in enumerate(weights)})
    arrays.update({f"mask{i}": m for i, m in enumerate(masks) if m is not None})
    arrays["output0"] = out
    if out_mask is not None:
        arrays["output_mask"] = out_mask
    if differentiable:
        arrays["cotangent0"] = seeded(out.shape)
        floats = [i for i, x in enumerate(xs) if x.dtype.kind == "f"]
        arrays.update({f"grad_input{i}": gradients[i] for i in floats})
        indices = [i for i, w in enumerate(kept.weights) if any(w is t for t in kept.trainable_weights)]
        order = [next(j for j, t in enumerate(kept.trainable_weights) if t is kept.weights[i]) for i in indices]
        for i, j in zip(indices, order):
            if not vanishing[len(xs) + j]:
                arrays[f"grad_weight{i}"] = gradients[len(xs) + j]
    for i, (a, b) in enumerate(zip(weights, after)):
        if not np.array_equal(a, b):
            arrays[f"new_weight{i}"] = b
    if adapt is not None:
        arrays["adapt0"] = adapt
    group.add(
        case,
        arrays,
        class_name=type(kept).__name__,
        config=described,
        input_shapes=shapes,
        training=training,
        trainable=kept.trainable,
        differentiable=differentiable,
        weights=[
            dict(name=w.name, path=w.path, shape=tuple(w.shape), dtype=str(w.dtype), trainable=w.trainable)
            for w in kept.weights
        ],
        variables=paths,
        **(dict(loss=float(sum(kept._losses))) if loss else {}),
        **(dict(arguments=arguments) if arguments else {}),
    )


def inputs(group):
    import keras

    cases = {
        "input_layer": dict(shape=(4,), name="x"),
        "input_layer_batch_size": dict(shape=(28, 28, 1), batch_size=8, name="images"),
        "input_layer_int32": dict(shape=(None,), dtype="int32", name="tokens"),
        "input_layer_scalar": dict(shape=(), name="scalar"),
        "input_layer_unnamed": dict(shape=(4,)),
    }
    for case, arguments in cases.items():
        keras.backend.clear_session()
        layer = keras.layers.InputLayer(**arguments)
        config = keras.saving.serialize_keras_object(layer)
        group.add(
            case,
            class_name="InputLayer",
            config=config,
            input_shapes=[],
            training=False,
            trainable=layer.trainable,
            differentiable=False,
            weights=[],
            variables=[],
        )


def dense(group):
    from keras import constraints, initializers, layers, regularizers

    add(group, "dense", lambda: layers.Dense(4), [(3, 5)])
    for name in (
        "relu sigmoid tanh softmax linear elu selu softplus softsign gelu silu leaky_relu exponential "
        "hard_sigmoid relu6 log_softmax"
    ).split():
        add(group, f"dense_{name}", lambda name=name: layers.Dense(4, activation=name), [(3, 5)])
    add(group, "dense_no_bias", lambda: layers.Dense(6, use_bias=False), [(3, 5)])
    add(group, "dense_no_bias_relu", lambda: layers.Dense(6, activation="relu", use_bias=False), [(7, 5)])
    add(group, "dense_rank3", lambda: layers.Dense(4, activation="tanh"), [(2, 3, 5)])
    add(group, "dense_rank4", lambda: layers.Dense(3, activation="relu"), [(2, 3, 2, 4)])
    add(group, "dense_units_1", lambda: layers.Dense(1), [(6, 5)])
    add(group, "dense_units_1_sigmoid", lambda: layers.Dense(1, activation="sigmoid"), [(6, 5)])
    add(group, "dense_one_row", lambda: layers.Dense(4, activation="relu"), [(1, 5)])
    add(group, "dense_one_feature", lambda: layers.Dense(4), [(3, 1)])
    add(group, "dense_one_everything", lambda: layers.Dense(1), [(1, 1)])
    add(group, "dense_tile_edges", lambda: layers.Dense(33, activation="relu"), [(17, 49)])
    add(group, "dense_empty_batch", lambda: layers.Dense(4), [(0, 5)])
    add(group, "dense_named", lambda: layers.Dense(2, name="logits"), [(3, 5)])
    add(
        group,
        "dense_rich_config",
        lambda: layers.Dense(
            4,
            activation="relu",
            kernel_initializer=initializers.HeNormal(seed=7),
            bias_initializer=initializers.Constant(0.1),
            kernel_regularizer=regularizers.L2(0.01),
            bias_regularizer=regularizers.L1(0.02),
            activity_regularizer=regularizers.L1L2(0.001, 0.002),
            kernel_constraint=constraints.MaxNorm(2.0),
            bias_constraint=constraints.NonNeg(),
            name="rich",
        ),
        [(3, 5)],
    )

    def freeze(layer):
        layer.trainable = False

    add(group, "dense_frozen", lambda: layers.Dense(4), [(3, 5)], training=True, before=freeze)


def activation(group):
    from keras import layers

    for name in "relu sigmoid tanh softmax linear elu selu softplus softsign gelu silu leaky_relu relu6".split():
        add(group, f"activation_{name}", lambda name=name: layers.Activation(name), [(3, 7)], low=-8, high=8)
    add(group, "activation_softmax_rank3", lambda: layers.Activation("softmax"), [(2, 3, 4)], low=-8, high=8)


def dropout(group):
    from keras import layers

    add(group, "dropout", lambda: layers.Dropout(0.25), [(3, 7)])
    add(group, "dropout_seed", lambda: layers.Dropout(0.5, seed=1337), [(3, 7)])
    add(group, "dropout_noise_shape", lambda: layers.Dropout(0.5, noise_shape=(None, 1, 4), seed=3), [(2, 3, 4)])
    add(group, "dropout_rate_0", lambda: layers.Dropout(0.0), [(3, 7)])
    add(group, "dropout_rate_0_training", lambda: layers.Dropout(0), [(3, 7)], training=True)


def flatten(group):
    from keras import layers

    first = lambda: layers.Flatten(data_format="channels_first")
    add(group, "flatten_rank1", lambda: layers.Flatten(), [(5,)])
    add(group, "flatten_rank2", lambda: layers.Flatten(), [(3, 5)])
    add(group, "flatten_rank3", lambda: layers.Flatten(), [(2, 3, 4)])
    add(group, "flatten_rank4", lambda: layers.Flatten(), [(2, 3, 4, 5)])
    add(group, "flatten_channels_first_rank2", first, [(3, 5)])
    add(group, "flatten_channels_first_rank3", first, [(2, 3, 4)])
    add(group, "flatten_channels_first_rank4", first, [(2, 3, 4, 5)])
    add(group, "flatten_empty_batch", lambda: layers.Flatten(), [(0, 3, 4)])


def normalization(group):
    from keras import layers

    r = random("layers/normalization/adapt")
    scale, shift = np.array([1, 40, 0.01, 900, 5]), np.array([0, 200, 0.5, 4000, -3])
    table = (r.standard_normal((50, 5)) * scale + shift).astype("float32")
    images = (r.standard_normal((6, 4, 3, 2)) * [2, 5] + [1, -7]).astype("float32")
    constant = table.copy()
    constant[:, 2] = 0.5
    make = layers.Normalization
    for invert in (False, True):
        tail = "_invert" if invert else ""
        low, high = (-2, 2) if invert else (-4, 4)
        run = lambda case, **k: add(group, case + tail, k.pop("make"), low=low, high=high, **k)
        run(
            "normalization_given",
            make=lambda: make(mean=[0.5, -1.0, 2.0], variance=[0.25, 4.0, 1.5], invert=invert),
            shapes=[(4, 3)],
        )
        run(
            "normalization_given_scalar",
            make=lambda: make(axis=None, mean=0.5, variance=2.0, invert=invert),
            shapes=[(4, 3)],
        )
        run("normalization_adapted", make=lambda: make(invert=invert), shapes=[(4, 5)], adapt=table)
        run("normalization_adapted_axis_none", make=lambda: make(axis=None, invert=invert), shapes=[(4, 5)], adapt=table)
        run(
            "normalization_adapted_axis_tuple",
            make=lambda: make(axis=(1, -1), invert=invert),
            shapes=[(2, 4, 3, 2)],
            adapt=images,
        )
        run("normalization_adapted_axis_1", make=lambda: make(axis=1, invert=invert), shapes=[(2, 4, 3, 2)], adapt=images)
        run("normalization_adapted_rank4", make=lambda: make(invert=invert), shapes=[(2, 4, 3, 2)], adapt=images)
    add(group, "normalization_constant_column", lambda: make(), [(4, 5)], adapt=constant, low=0, high=1)
    add(group, "normalization_unadapted", lambda: make(), [(4, 5)])


def batch_normalization(group):
    from keras import layers

    make = layers.BatchNormalization

    def freeze(layer):
        layer.trainable = False

    for training in (False, True):
        tail = "_training" if training else "_inference"
        run = lambda case, shape, **k: add(
            group, f"batch_normalization_{case}{tail}", lambda: make(**k), [shape], training=training
        )
        run("rank2", (8, 5))
        run("rank3", (4, 3, 5))
        run("rank4", (2, 3, 4, 5))
        run("axis_1_rank2", (8, 5), axis=1)
        run("axis_1_rank3", (4, 3, 5), axis=1)
        run("axis_1_rank4", (2, 3, 4, 5), axis=1)
        run("no_center", (8, 5), center=False)
        run("no_scale", (8, 5), scale=False)
        run("no_center_no_scale", (8, 5), center=False, scale=False)
        run("momentum_epsilon", (8, 5), momentum=0.8, epsilon=0.02)
        run("one_row", (1, 5))
        run("one_channel", (8, 1))
    add(group, "batch_normalization_frozen_training", lambda: make(), [(8, 5)], training=True, before=freeze)
    add(group, "batch_normalization_frozen_rank4_training", lambda: make(axis=1), [(2, 3, 4, 5)], training=True, before=freeze)
