"""`model.fit` for three epochs, shuffle off: the whole history.

As in `trajectories`: `model`, `optimizer`, `loss`, `weights`, `initial<i>`, `final<i>`. `metrics` and `weighted_metrics` as given
to `compile`; `fit` holds the plain arguments (epochs, batch_size, validation_split, class_weight, ...); `history` the
dictionary of `fit`, in Keras' order of keys (sorted); `evaluate` what `evaluate(x, y, batch_size, return_dict=True)` says
afterwards (without sample weights). Arrays: `x`, `y`, maybe `sample_weight`, `val_x`, `val_y`, `val_sample_weight`,
`predictions` (of `predict(x)` afterwards). The last batch is short in every case but one. `float64` as in `trajectories`.
"""

import numpy as np

from groups.trajectories import classes, halves, initial, mlp, regression
from store import Group, drift, random


def run(make, case, metrics, weighted_metrics, arguments, arrays, dtype):
    import keras

    cast = lambda a: a.astype(dtype) if a.dtype.kind == "f" else a
    data = {k: cast(v) for k, v in arrays.items()}
    keras.backend.clear_session()
    keras.config.set_floatx(dtype)
    try:
        model, optimizer, loss = make()
        model.compile(optimizer, loss, metrics=metrics, weighted_metrics=weighted_metrics, jit_compile=False)
        model.set_weights(initial(random(f"fits/{case}/weights"), model.weights))
        described = keras.saving.serialize_keras_object(model)
        start = [w.numpy() for w in model.weights]
        extra = {}
        if "val_x" in data:
            extra["validation_data"] = tuple(data[k] for k in ("val_x", "val_y", "val_sample_weight") if k in data)
        if "sample_weight" in data:
            extra["sample_weight"] = data["sample_weight"]
        history = model.fit(data["x"], data["y"], shuffle=False, verbose=0, **arguments, **extra).history
        evaluated = model.evaluate(
            data["x"], data["y"], batch_size=arguments.get("batch_size"), verbose=0, return_dict=True
        )
        final = [w.numpy() for w in model.weights]
        predictions = model.predict(data["x"], verbose=0)
    finally:
        keras.config.set_floatx("float32")
    return model, optimizer, loss, described, start, history, evaluated, final, predictions


def add(group, case, make, arrays, metrics=None, weighted_metrics=None, **arguments):
    import keras

    arguments = dict(epochs=3) | arguments
    arrays = {k: np.asarray(v) for k, v in arrays.items()}
    result = run(make, case, metrics, weighted_metrics, arguments, arrays, "float32")
    model, optimizer, loss, described, start, history, evaluated, final, predictions = result
    wide = run(make, case, metrics, weighted_metrics, arguments, arrays, "float64")
    noise = dict(
        history=max(drift(history[k], wide[5][k]) for k in history),
        weights=max(drift(a, b) for a, b in zip(final, wide[7])),
    )
    arrays["predictions"] = predictions
    arrays.update({f"initial{i}": w for i, w in enumerate(start)})
    arrays.update({f"final{i}": w for i, w in enumerate(final)})
    group.add(
        case,
        arrays,
        model=described,
        optimizer=keras.saving.serialize_keras_object(optimizer),
        loss=keras.saving.serialize_keras_object(loss) if not isinstance(loss, str) else loss,
        metrics=metrics,
        weighted_metrics=weighted_metrics,
        fit=arguments,
        history={k: [float(v) for v in values] for k, values in history.items()},
        evaluate={k: float(v) for k, v in evaluated.items()},
        weights=[dict(path=w.path, shape=tuple(w.shape), dtype=str(w.dtype), trainable=w.trainable) for w in model.weights],
        float64={k: float(f"{v:.2g}") for k, v in noise.items()},
    )


def table(case, maker, n, validation=0, weights=False):
    """Training and validation rows from one draw (the classes' centres are drawn first)."""
    r = random(f"fits/{case}/data")
    x, y = maker(r, n + validation)
    arrays = dict(x=x[:n], y=y[:n])
    if validation:
        arrays.update(val_x=x[n:], val_y=y[n:])
    if weights:
        arrays["sample_weight"] = r.uniform(0.2, 2, n).astype("float32")
        if validation:
            arrays["val_sample_weight"] = r.uniform(0.2, 2, validation).astype("float32")
    return arrays


def generate():
    from keras import losses as l
    from keras import optimizers as o

    group = Group("fits")
    regress = lambda: (mlp(5, [8], 2), o.Adam(0.01), l.MeanSquaredError())
    sparse = lambda: (mlp(4, [10], 3), o.Adam(0.01), l.SparseCategoricalCrossentropy(from_logits=True))
    softmax = lambda: (mlp(4, [10], 3, "softmax"), o.Adam(0.01), l.CategoricalCrossentropy())
    sigmoid = lambda: (mlp(4, [10], 1, "sigmoid"), o.Adam(0.01), l.BinaryCrossentropy())
    normed = lambda: (mlp(5, [8], 2, batch_normalization=True), o.Adam(0.01), l.MeanSquaredError())

    def named():
        model, _, _ = softmax()
        return model, o.Adam(), "categorical_crossentropy"

    labels, one_hot = classes(3, False), classes(3, True)
    t = table
    add(group, "regression", regress, t("regression", regression, 37, 11), ["mae"], batch_size=8)
    add(group, "regression_default_batch_size", regress, t("regression_default", regression, 70), ["mae", "mse"])
    add(group, "regression_validation_split", regress, t("regression_split", regression, 37), batch_size=8, validation_split=0.3)
    add(group, "regression_even_batches", regress, t("regression_even", regression, 32), batch_size=8)
    weighted = t("regression_weighted", regression, 37, 11, weights=True)
    add(group, "regression_sample_weight", regress, weighted, ["mae"], ["mse"], batch_size=8)
    weighted = t("regression_weighted_split", regression, 37, weights=True)
    add(group, "regression_sample_weight_split", regress, weighted, ["mae"], ["mse"], batch_size=8, validation_split=0.25)
    rmse = ["root_mean_squared_error"]
    add(group, "regression_batch_normalization", normed, t("regression_bn", regression, 37, 11), rmse, batch_size=8)
    add(group, "sparse", sparse, t("sparse", labels, 37, 11), ["accuracy"], batch_size=8)
    weights = {"0": 0.5, "1": 2.0, "2": 1.25}
    numbered = {int(k): v for k, v in weights.items()}
    data = t("sparse_class_weight", labels, 37, 11)
    add(group, "sparse_class_weight", sparse, data, ["accuracy"], ["accuracy"], batch_size=8, class_weight=numbered)
    data = t("sparse_sample_weight", labels, 37, 11, weights=True)
    add(group, "sparse_sample_weight", sparse, data, ["accuracy"], ["accuracy"], batch_size=8)
    add(group, "one_hot", softmax, t("one_hot", one_hot, 37, 11), ["accuracy"], batch_size=8)
    data = t("one_hot_class_weight", one_hot, 37, 11)
    add(group, "one_hot_class_weight", softmax, data, ["accuracy"], batch_size=8, class_weight=numbered)
    add(group, "one_hot_by_name", named, t("one_hot_by_name", one_hot, 37, 11), ["accuracy"], batch_size=8)
    add(group, "binary", sigmoid, t("binary", halves, 37, 11), ["accuracy"], batch_size=8)
    data = t("binary_class_weight", halves, 37)
    add(group, "binary_class_weight", sigmoid, data, ["accuracy"], batch_size=8, class_weight={0: 1.0, 1: 3.0})
    data = t("binary_in_rows", halves, 37)
    data["y"] = data["y"][:, 0]
    add(group, "binary_rows", sigmoid, data, ["accuracy"], batch_size=8)
    data = t("initial_epoch", regression, 37)
    add(group, "initial_epoch", regress, data, batch_size=8, initial_epoch=1)
    data = t("validation_freq", regression, 37, 11)
    add(group, "validation_freq", regress, data, batch_size=8, validation_freq=2)
    data = t("validation_batch_size", regression, 37, 11)
    add(group, "validation_batch_size", regress, data, batch_size=8, validation_batch_size=4)
    group.write()
    for c in group.cases:
        print("  ", c["case"], c["float64"], list(c["history"]))
