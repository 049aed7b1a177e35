"""Ten steps of every optimizer with every loss family and every regularizer: the whole product.

The net is Dense(3, tanh), Dense(2, by the family), a regularizer on both kernels. A case is a family with a regularizer:
`loss`, `activation` (of the second layer), `regularizer` (serialized, or null), `optimizers` (serialized, in order).
Arrays: `x` (60, 4) and `y`, six rows a step; `initial<i>`, weight i at the start; `losses` (optimizers, 10) and `finals`
(optimizers, 23), the weights at the end in one row. Losses have the regularizers' penalties in them.
`float64`: how far a float64 run ends from this one, by optimizer, in units of the tests' tolerance (losses, weights); null for
`orthogonal`, which Keras cannot work out in float64.
"""

import numpy as np

from store import Group, drift, random

STEPS, ROWS = 10, 6


def optimizers():
    from keras import optimizers as o

    return [
        lambda: o.Adadelta(0.5),
        lambda: o.Adafactor(0.02),
        lambda: o.Adagrad(0.05),
        lambda: o.Adam(0.02),
        lambda: o.AdamW(0.02),
        lambda: o.Adamax(0.02),
        lambda: o.Ftrl(0.05),
        lambda: o.Lamb(0.02),
        lambda: o.Lion(0.005),
        lambda: o.LossScaleOptimizer(o.Adam(0.02), initial_scale=4.0, dynamic_growth_steps=3),
        lambda: o.Muon(0.02),
        lambda: o.Nadam(0.02),
        lambda: o.RMSprop(0.01),
        lambda: o.ScheduleFreeAdamW(0.02),
        lambda: o.SGD(0.05, momentum=0.9),
    ]


def families():
    from keras import losses as l

    real = lambda r: r.standard_normal((STEPS * ROWS, 2)).astype("float32")
    bits = lambda r: r.randint(0, 2, (STEPS * ROWS, 2)).astype("float32")
    labels = lambda r: r.randint(0, 2, STEPS * ROWS).astype("int32")
    one_hot = lambda r: np.eye(2, dtype="float32")[labels(r)]
    return dict(
        regression=(l.MeanSquaredError, None, real),
        robust=(l.Huber, None, real),
        binary=(l.BinaryCrossentropy, "sigmoid", bits),
        categorical=(l.CategoricalCrossentropy, "softmax", one_hot),
        sparse=(l.SparseCategoricalCrossentropy, "softmax", labels),
        hinge=(l.Hinge, "tanh", lambda r: bits(r) * 2 - 1),
        cosine=(l.CosineSimilarity, None, real),
    )


def regularizers():
    from keras import regularizers as r

    orthogonal = lambda: r.OrthogonalRegularizer(0.05, mode="columns")
    return dict(plain=lambda: None, l1=lambda: r.L1(0.01), l2=lambda: r.L2(0.02), l1_l2=lambda: r.L1L2(0.01, 0.02), orthogonal=orthogonal)


def net(activation, options, dtype):
    import keras
    from keras import layers

    keras.backend.clear_session()
    options = lambda options=options: dict(options(), dtype=dtype)
    stack = [keras.Input((4,), dtype=dtype), layers.Dense(3, "tanh", **options()), layers.Dense(2, activation, **options())]
    return keras.Sequential(stack)


def run(family, options, optimizers, x, y, start, dtype):
    """Losses and final weights by optimizer: what `train_step` does, with one trace for all optimizers. `options` makes the
    layers' arguments, `optimizers` is a list of functions that make one each.
    """
    import keras
    import tensorflow as tf

    make, activation, _ = family
    keras.config.set_floatx(dtype)
    try:
        model = net(activation, options, dtype)
        loss = make()
        variables = model.trainable_variables

        @tf.function(jit_compile=False)
        def gradients(x, y, scale):
            with tf.GradientTape() as tape:
                value = loss(y, model(x, training=True))
                for penalty in model.losses:
                    value = value + penalty
                scaled = value * scale
            return value, tape.gradient(scaled, variables)

        cast = lambda a: tf.constant(a.astype(dtype) if a.dtype.kind == "f" else a)
        batches = [(cast(x[s * ROWS : (s + 1) * ROWS]), cast(y[s * ROWS : (s + 1) * ROWS])) for s in range(STEPS)]
        losses, finals = [], []
        for optimizer in optimizers:
            model.set_weights([w.astype(dtype) for w in start])
            optimizer = optimizer()
            optimizer.build(variables)
            row = []
            for batch in batches:
                value, slopes = gradients(*batch, tf.cast(optimizer.scale_loss(tf.constant(1.0, dtype)), dtype))
                optimizer.apply(slopes, variables)
                row.append(float(value))
            losses.append(row)
            finals.append(np.concatenate([v.numpy().ravel() for v in variables]))
    finally:
        keras.config.set_floatx("float32")
    return np.array(losses), np.array(finals)


def generate():
    import keras
    from keras.saving import serialize_keras_object as serialize

    group = Group("every_trajectory")
    for name, family in families().items():
        r = random("every_trajectory/" + name)
        x = r.standard_normal((STEPS * ROWS, 4)).astype("float32")
        y = family[2](r)
        start = [r.uniform(-0.8, 0.8, shape).astype("float32") for shape in ((4, 3), (3,), (3, 2), (2,))]
        for label, regularizer in regularizers().items():
            options = lambda: dict(kernel_regularizer=regularizer())
            losses, finals = run(family, options, optimizers(), x, y, start, "float32")
            noise = None
            if label != "orthogonal":  # which Keras cannot work out in float64
                wide = run(family, options, optimizers(), x, y, start, "float64")
                noise = [(drift(a, b), drift(c, d)) for a, b, c, d in zip(losses, wide[0], finals, wide[1])]
            shared = dict(x=x, y=y, **{f"initial{i}": w for i, w in enumerate(start)}) if label == "plain" else {}
            keras.backend.clear_session()
            made = regularizer()
            group.add(
                f"{name}_{label}",
                dict(losses=losses.astype("float32"), finals=finals.astype("float32"), **shared),
                family=name,
                loss=serialize(family[0]()),
                activation=family[1] or "linear",
                regularizer=None if made is None else serialize(made),
                optimizers=[serialize(o()) for o in optimizers()] if not group.cases else [],
                float64=noise and [[float(f"{v:.2g}") for v in pair] for pair in noise],
            )
            print(f"  {name}_{label}", noise and np.array(noise).max(0).round(2))
    group.write()
