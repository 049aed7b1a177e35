"""Sample weights, masks, class weights, outputs without a loss: what they do to losses, metrics and weights.

A case: `model` (serialized), `compile` (the arguments by Keras' names, losses as names, null or serialized), `optimizer`, `batch_size`,
`class_weight`; `sample_weight`, which tells how the arrays `weight<i>` are given: null, "one", "list", or a list of the outputs
that have one, in order; `history` of two epochs, `evaluate`, `train` and `test` (on the first batch, with the weights, after fit).
`history` and `evaluate` are lists of `[key, values]` in Keras' order. Arrays: `x`, `target<i>`, `weight<i>`, `initial<i>`, `final<i>`.
"""

import numpy as np

from groups.trajectories import initial
from store import Group, random

# As many steps as rows of a batch would hide which of them a weight stands for.
ROWS, STEPS = 12, 5


def sequence(loss_units=2, activation=None, pooled=False):
    import keras
    from keras import layers

    x = keras.Input((STEPS, 3), name="x")
    masked = layers.Masking(name="masking")(x)
    hidden = layers.Dense(4, "tanh", name="hidden")(masked)
    steps = layers.Dense(loss_units, activation, name="steps")(hidden)
    if not pooled:
        return keras.Model(x, steps)
    whole = layers.Dense(1, name="whole")(layers.Flatten(name="flat")(layers.Dense(2, name="plain")(x)))
    return keras.Model(x, [steps, whole])


def heads(named=False):
    import keras
    from keras import layers

    x = keras.Input((3,), name="x")
    hidden = layers.Dense(4, "tanh", name="hidden")(x)
    a = layers.Dense(1, name="a")(layers.Dense(3, "tanh", name="only_a")(hidden))
    b = layers.Dense(3, "softmax", name="b")(layers.Dense(3, "tanh", name="only_b")(hidden))
    return keras.Model(x, dict(a=a, b=b) if named else [a, b])


def classifier(units=3, activation="softmax"):
    import keras
    from keras import layers

    x = keras.Input((3,), name="x")
    return keras.Model(x, layers.Dense(units, activation, name="y")(layers.Dense(4, "tanh", name="hidden")(x)))


def masked_rows(r):
    x = r.standard_normal((ROWS, STEPS, 3)).astype("float32")
    for row in range(ROWS):
        x[row, STEPS - row % STEPS :] = 0
    x[5] = 0
    return x


def add(group, case, model, compiled, targets, x=None, weights=None, how=None, class_weight=None, batch_size=4):
    import keras

    serialize = keras.saving.serialize_keras_object
    r = random("weighting/" + case)
    if x is None:
        x = r.standard_normal((ROWS,) + model.inputs[0].shape[1:]).astype("float32")
    names = model.output_names if isinstance(model.output, (list, dict)) else None
    y = [make(r) for make in targets]
    w = [make(r).astype("float32") for make in (weights or [])]
    model.set_weights(initial(r, model.weights))
    start = [v.numpy() for v in model.weights]
    described = serialize(model)

    def structured(values):
        if isinstance(model.output, dict):
            return dict(zip(sorted(model.output), values))
        return values if names else values[0]

    given = {None: lambda: None, "one": lambda: w[0], "list": lambda: structured(w)}
    if isinstance(how, list):
        rest = iter(w)
        some = [next(rest) if name in how else None for name in names]
        weight = some
    else:
        weight = given[how]()
    # Weights that the loss does not depend on must not decay; elsewhere Adam would amplify the rounding of small gradients.
    decaying = case.startswith("only")
    optimizer = keras.optimizers.AdamW(0.02) if decaying else keras.optimizers.SGD(0.05, momentum=0.9)
    model.compile(optimizer, jit_compile=False, **compiled)
    arguments = dict(batch_size=batch_size, verbose=0)
    history = model.fit(x, structured(y), sample_weight=weight, class_weight=class_weight, epochs=2, shuffle=False, **arguments).history
    evaluated = model.evaluate(x, structured(y), sample_weight=weight, return_dict=True, **arguments)
    final = [v.numpy() for v in model.weights]
    part = lambda a: None if a is None else {k: v[:batch_size] for k, v in a.items()} if isinstance(a, dict) else [v if v is None else v[:batch_size] for v in a] if isinstance(a, list) else a[:batch_size]
    model.reset_metrics()
    call = dict(sample_weight=part(weight), return_dict=True)
    tested = model.test_on_batch(x[:batch_size], part(structured(y)), **call)
    model.reset_metrics()
    if class_weight is not None:
        call = dict(class_weight=class_weight, return_dict=True)
    trained = model.train_on_batch(x[:batch_size], part(structured(y)), **call)
    pairs = lambda logs: [[k, [float(i) for i in v] if isinstance(v, list) else float(v)] for k, v in logs.items()]
    words = lambda loss: loss if loss is None or isinstance(loss, str) else serialize(loss)
    losses = compiled["loss"]
    if isinstance(losses, dict):
        losses = {k: words(v) for k, v in losses.items()}
    elif isinstance(losses, list):
        losses = [words(v) for v in losses]
    else:
        losses = words(losses)
    arrays = dict(x=x)
    for key, values in dict(target=y, weight=w, initial=start, final=final).items():
        arrays.update({f"{key}{i}": v for i, v in enumerate(values)})
    group.add(
        case,
        arrays,
        model=described,
        compile=dict(compiled, loss=losses),
        optimizer=serialize(optimizer),
        batch_size=batch_size,
        class_weight=class_weight,
        sample_weight=how,
        history=pairs(history),
        evaluate=pairs(evaluated),
        test=pairs(tested),
        train=pairs(trained),
    )


def generate():
    from keras import losses as l

    group = Group("weighting")
    steps = lambda *dims: lambda r: r.standard_normal((ROWS, *dims)).astype("float32")
    labels = lambda count, *dims: lambda r: r.randint(0, count, (ROWS, *dims)).astype("int32")
    weight = lambda *dims: lambda r: r.uniform(0.2, 2, (ROWS, *dims))
    holes = lambda *dims: lambda r: r.uniform(0.2, 2, (ROWS, *dims)) * (r.uniform(size=(ROWS, *dims)) > 0.3)
    measured = dict(metrics=["mae"], weighted_metrics=["mse", "mae"])
    x = masked_rows(random("weighting/x"))
    real = [steps(STEPS, 2)]
    for label, weights, how in [("", None, None), ("_rows", [weight(1)], "one"), ("_steps", [weight(STEPS)], "one"), ("_holes", [holes(STEPS)], "one")]:
        add(group, "masked" + label, sequence(), dict(loss="mse", **measured), real, x, weights, how)
        add(group, "unmasked" + label, sequence(), dict(loss="mse", **measured), real, None, weights, how)
    for reduction in ("sum", "mean_with_sample_weight"):
        for label, weights, how in [("", None, None), ("_steps", [weight(STEPS)], "one")]:
            loss = l.MeanSquaredError(reduction=reduction)
            add(group, f"masked_{reduction}{label}", sequence(), dict(loss=loss, **measured), real, x, weights, how)
    sparse = lambda: (sequence(3, "softmax"), dict(loss="sparse_categorical_crossentropy", metrics=["accuracy"], weighted_metrics=["accuracy"]))
    for label, weights, how in [("", None, None), ("_rows", [weight(1)], "one"), ("_steps", [holes(STEPS)], "one")]:
        add(group, "masked_labels" + label, *sparse(), [labels(3, STEPS)], x, weights, how)
    hidden = dict(loss=l.SparseCategoricalCrossentropy(ignore_class=1), metrics=["accuracy"], weighted_metrics=["accuracy"])
    add(group, "masked_labels_ignored", sequence(3, "softmax"), hidden, [labels(3, STEPS)], x, [weight(STEPS)], "one")
    binary = dict(loss="binary_crossentropy", metrics=["accuracy"], weighted_metrics=["binary_accuracy", "mse"])
    add(group, "masked_binary_steps", sequence(1, "sigmoid"), binary, [labels(2, STEPS, 1)], x, [weight(STEPS)], "one")
    two = lambda **more: dict(loss=["mse", "mae"], metrics=[["mae"], ["mse"]], weighted_metrics=[["mae"], ["mse"]], **more)
    both = [steps(STEPS, 2), steps(1)]
    add(group, "two_masked", sequence(pooled=True), two(), both, x)
    add(group, "two_masked_one", sequence(pooled=True), two(loss_weights=[0.5, 2.0]), both, x, [weight(1)], "one")
    add(group, "two_masked_each", sequence(pooled=True), two(), both, x, [weight(STEPS), holes()], "list")
    add(group, "two_masked_first", sequence(pooled=True), two(), both, x, [weight(STEPS)], ["steps"])
    add(group, "two_masked_second", sequence(pooled=True), two(), both, x, [weight()], ["whole"])
    mixed = [steps(1), labels(3)]
    losses = ["mse", "sparse_categorical_crossentropy"]
    scores = dict(metrics=[["mae"], ["accuracy"]], weighted_metrics=[["mae"], ["accuracy"]])
    add(group, "heads_each", heads(), dict(loss=losses, **scores), mixed, None, [weight(), holes()], "list")
    by_name = dict(loss=dict(zip("ab", losses)), metrics=dict(b=["accuracy"]), weighted_metrics=dict(a=["mae"], b=["accuracy"]))
    add(group, "heads_named_each", heads(True), by_name, mixed, None, [weight(), holes()], "list")
    add(group, "only_a", heads(), dict(loss=["mse", None]), mixed)
    add(group, "only_b", heads(), dict(loss=[None, losses[1]], loss_weights=[3.0, 0.5]), mixed, None, [weight()], "one")
    add(group, "only_a_measured", heads(), dict(loss=["mse", None], **scores), mixed, None, [weight(), weight()], "list")
    add(group, "only_a_named", heads(True), dict(loss=dict(a="mse"), metrics=dict(b=["accuracy"])), mixed)
    add(group, "only_b_named", heads(True), dict(loss=dict(a=None, b=losses[1])), mixed)
    accuracy = dict(metrics=["accuracy"], weighted_metrics=["accuracy", "categorical_crossentropy"])
    classes = {0: 0.5, 1: 2.0}
    one_hot = lambda r: np.eye(3, dtype="float32")[r.randint(0, 3, ROWS)]
    add(group, "classes_one_hot", classifier(), dict(loss="categorical_crossentropy", **accuracy), [one_hot], class_weight=classes)
    accuracy = dict(metrics=["accuracy"], weighted_metrics=["accuracy", "sparse_categorical_crossentropy"])
    add(group, "classes_labels", classifier(), dict(loss=losses[1], **accuracy), [labels(3)], class_weight=classes)
    add(group, "classes_column", classifier(), dict(loss=losses[1], **accuracy), [labels(3, 1)], class_weight=classes)
    accuracy = dict(metrics=["accuracy"], weighted_metrics=["accuracy", "mse"])
    column = [labels(2, 1)]
    add(group, "classes_binary", classifier(1, "sigmoid"), dict(loss="binary_crossentropy", **accuracy), column, class_weight=classes)
    group.write()
