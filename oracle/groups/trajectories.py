"""Ten training steps from one fixed start: the loss of each step and the weights at the end.

`model` (`serialize_keras_object`, as in config.json), `optimizer`, `loss` (serialized; with `loss.config.delta` where Keras
forgets it, see `loss_arguments`), `batch_size`, `weights` and `optimizer_variables` (`{path, shape, dtype}`, in order),
`float64`: how far the losses and final weights of a float64 run are from these, in units of the tests' tolerance.
Arrays: `x`, `y` (step s takes rows s·batch_size to (s+1)·batch_size), `initial<i>` and `final<i>` (weight i of `weights`),
`slot<i>` (optimizer variable i at the end), `losses` (10; each before its update, `reset_metrics` before each step),
`predictions` (of the final model on the first batch, inference mode).

Compiled with `jit_compile=False`: Keras' default on TensorFlow is XLA, which sums in another order.
"""

import numpy as np

from store import Group, drift, random

STEPS = 10


def initial(r, weights):
    """Glorot-sized kernels, small biases, non-trivial statistics."""
    out = []
    for w in weights:
        shape = tuple(w.shape)
        if w.name == "kernel":
            limit = np.sqrt(6 / (shape[0] + shape[1]))
            value = r.uniform(-limit, limit, shape)
        elif w.name == "moving_variance":
            value = r.uniform(0.5, 1.5, shape)
        elif w.name == "gamma":
            value = r.uniform(0.8, 1.2, shape)
        else:
            value = r.uniform(-0.1, 0.1, shape)
        out.append(value.astype("float32"))
    return out


def build(make, dtype):
    import keras

    keras.backend.clear_session()
    keras.config.set_floatx(dtype)
    try:
        model, optimizer, loss = make()
        model.compile(optimizer=optimizer, loss=loss, jit_compile=False)
    finally:
        keras.config.set_floatx("float32")
    return model, optimizer, loss


def train(make, case, x, y, batch_size, dtype):
    import keras

    keras.config.set_floatx(dtype)
    try:
        model, optimizer, loss = build(make, dtype)
        keras.config.set_floatx(dtype)
        model.set_weights(initial(random(f"trajectories/{case}/weights"), model.weights))
        described = keras.saving.serialize_keras_object(model)
        start = [w.numpy() for w in model.weights]
        cast = lambda a: a.astype(dtype) if a.dtype.kind == "f" else a
        losses = []
        for step in range(STEPS):
            rows = slice(step * batch_size, (step + 1) * batch_size)
            model.reset_metrics()
            losses.append(float(model.train_on_batch(cast(x[rows]), cast(y[rows]))))
        final = [w.numpy() for w in model.weights]
        predictions = model(cast(x[:batch_size]), training=False).numpy()
    finally:
        keras.config.set_floatx("float32")
    return model, optimizer, loss, described, start, np.array(losses), final, predictions


def add(group, case, make, data, batch_size=8):
    import keras

    x, y = data(random(f"trajectories/{case}/data"), STEPS * batch_size)
    result = train(make, case, x, y, batch_size, "float32")
    model, optimizer, loss, described, start, losses, final, predictions = result
    wide = train(make, case, x, y, batch_size, "float64")
    noise = dict(
        losses=max(drift(a, b) for a, b in zip(losses, wide[5])), weights=max(drift(a, b) for a, b in zip(final, wide[6]))
    )
    arrays = dict(x=x, y=y, losses=losses.astype("float32"), predictions=predictions)
    arrays.update({f"initial{i}": w for i, w in enumerate(start)})
    arrays.update({f"final{i}": w for i, w in enumerate(final)})
    arrays.update({f"slot{i}": v.numpy() for i, v in enumerate(optimizer.variables)})
    describe = lambda vs: [dict(path=v.path, shape=tuple(v.shape), dtype=str(v.dtype)) for v in vs]
    group.add(
        case,
        arrays,
        model=described,
        optimizer=keras.saving.serialize_keras_object(optimizer),
        loss=keras.saving.serialize_keras_object(loss),
        loss_arguments=dict(reduction=loss.reduction, **loss._fn_kwargs),
        batch_size=batch_size,
        weights=[d | dict(trainable=w.trainable) for d, w in zip(describe(model.weights), model.weights)],
        optimizer_variables=describe(optimizer.variables),
        float64={k: float(f"{v:.2g}") for k, v in noise.items()},
    )


def regression(r, n):
    x = r.standard_normal((n, 5))
    y = np.stack([x @ [1.0, -2, 0.5, 0, 1], np.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2]], 1) + 0.1 * r.standard_normal((n, 2))
    return x.astype("float32"), y.astype("float32")


def classes(k, one_hot):
    def data(r, n):
        labels = r.randint(0, k, n)
        x = r.standard_normal((k, 4))[labels] * 1.5 + r.standard_normal((n, 4))
        y = np.eye(k, dtype="float32")[labels] if one_hot else labels.astype("int32")
        return x.astype("float32"), y

    return data


def halves(r, n):
    x = r.standard_normal((n, 4))
    y = (x[:, 0] * x[:, 1] + 0.3 * r.standard_normal(n) > 0).astype("float32")[:, None]
    return x.astype("float32"), y


def mlp(inputs, units, outputs, activation=None, hidden="relu", batch_normalization=False):
    from keras import Input, Sequential, layers

    model = Sequential([Input((inputs,))])
    for n in units:
        model.add(layers.Dense(n, activation=hidden))
        if batch_normalization:
            model.add(layers.BatchNormalization())
    model.add(layers.Dense(outputs, activation=activation))
    return model


def functional():
    from keras import Input, Model, layers

    x = Input((5,), name="x")
    return Model(x, layers.Dense(2, name="out")(layers.Dense(7, activation="tanh", name="hidden")(x)), name="two_layers")


def shared():
    from keras import Input, Model, layers

    x = Input((5,), name="x")
    twice = layers.Dense(5, activation="tanh", name="twice")
    return Model(x, layers.Dense(2, name="out")(twice(twice(x))), name="shared")


def generate():
    from keras import losses as l
    from keras import optimizers as o

    group = Group("trajectories")
    deep = lambda **k: mlp(5, [16, 8], 2, **k)
    add(group, "mlp_mse_sgd", lambda: (deep(), o.SGD(0.05), l.MeanSquaredError()), regression)
    add(group, "mlp_mse_sgd_momentum", lambda: (deep(), o.SGD(0.02, momentum=0.9), l.MeanSquaredError()), regression)
    nesterov = lambda: (deep(), o.SGD(0.02, momentum=0.9, nesterov=True), l.MeanSquaredError())
    add(group, "mlp_mse_sgd_nesterov", nesterov, regression)
    add(group, "mlp_huber_adam", lambda: (deep(), o.Adam(0.01), l.Huber()), regression)
    add(group, "mlp_huber_delta_adam", lambda: (deep(hidden="tanh"), o.Adam(0.01), l.Huber(delta=0.5)), regression)
    scce = lambda: (mlp(4, [12], 3), o.Adam(0.01), l.SparseCategoricalCrossentropy(from_logits=True))
    add(group, "mlp_scce_logits_adam", scce, classes(3, False))
    scce = lambda: (mlp(4, [12], 3, "softmax"), o.Adam(0.01), l.SparseCategoricalCrossentropy())
    add(group, "mlp_scce_softmax_adam", scce, classes(3, False))
    cce = lambda: (mlp(4, [12], 3, "softmax"), o.Adam(0.01), l.CategoricalCrossentropy())
    add(group, "mlp_cce_softmax_adam", cce, classes(3, True))
    bce = lambda: (mlp(4, [12], 1, "sigmoid"), o.Adam(0.01), l.BinaryCrossentropy())
    add(group, "mlp_bce_sigmoid_adam", bce, halves)
    bce = lambda: (mlp(4, [12], 1), o.Adam(0.01), l.BinaryCrossentropy(from_logits=True))
    add(group, "mlp_bce_logits_adam", bce, halves)
    bn = lambda: (deep(batch_normalization=True), o.Adam(0.01), l.MeanSquaredError())
    add(group, "mlp_bn_mse_adam", bn, regression, batch_size=16)
    penguins = lambda: (mlp(4, [10], 3, "softmax"), o.Adam(0.01), l.CategoricalCrossentropy())
    add(group, "penguins_4_10_3_adam", penguins, classes(3, True), batch_size=32)
    add(group, "functional_two_layers_adam", lambda: (functional(), o.Adam(0.01), l.MeanSquaredError()), regression)
    add(group, "functional_shared_dense_sgd", lambda: (shared(), o.SGD(0.05), l.MeanSquaredError()), regression)
    add(group, "functional_shared_dense_adam", lambda: (shared(), o.Adam(0.01), l.MeanSquaredError()), regression)
    add(group, "batch_of_one_sgd", lambda: (deep(), o.SGD(0.01), l.MeanSquaredError()), regression, batch_size=1)
    group.write()
    for c in group.cases:
        print("  ", c["case"], c["float64"])
