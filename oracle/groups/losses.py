"""Losses: values and gradients with respect to the predictions.

`class_name`, `config` (`get_config()`), `arguments` (what the constructor got or took as default: Huber's and
CosineSimilarity's `get_config()` forget `delta` and `axis`), `activation` (null, `softmax` or `sigmoid`). Arrays: `y_true`, `y_pred`, maybe
`sample_weight` and `mask` (a Keras mask on the predictions), `value`, `grad_y_pred`; where `value` is not a scalar
(reduction none), the gradient is that of sum(value · `cotangent`).

With an `activation` the predictions are its output inside the same computation, and the arrays are `logits`, `y_pred`,
`grad_logits`. Keras on TensorFlow then computes the cross-entropies from the logits, whatever `from_logits` says: the
activation leaves its input on its output (`_keras_logits`). A squeeze of the predictions loses it (`*_squeezed`).

All is float32 as Keras computes it: the clipping at 1e-7 and at 1 − 1e-7 (in float32 0.9999999 is 1 − 2^-23) shows.
"""

import numpy as np

from store import Group, drift, random

REDUCTIONS = ["sum_over_batch_size", "sum", "none", "mean_with_sample_weight"]


def evaluate(loss, y_true, y_pred, sample_weight, mask, activation, dtype, cotangent):
    import keras
    import tensorflow as tf

    x = tf.constant(y_pred, dtype)
    y = tf.constant(y_true, dtype if y_true.dtype == np.float32 else y_true.dtype)
    weight = None if sample_weight is None else tf.constant(sample_weight, dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        p = tf.identity(x) if activation is None else keras.activations.get(activation)(x)
        if mask is not None:
            keras.src.backend.set_keras_mask(p, tf.constant(mask))
        value = loss(y, p, sample_weight=weight)
    seed = tf.constant(cotangent(value.shape), dtype) if value.shape.rank else None
    gradient = tape.gradient(value, x, output_gradients=seed, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return value.numpy(), gradient.numpy(), p.numpy()


def add(group, case, loss, y_true, y_pred, sample_weight=None, mask=None, activation=None, note=None, exact=True):
    import keras

    y_pred = np.asarray(y_pred, "float32")
    y_true = np.asarray(y_true)
    y_true = y_true.astype("float32") if y_true.dtype.kind == "f" else y_true.astype("int32")
    if sample_weight is not None:
        sample_weight = np.asarray(sample_weight, "float32")
    cotangent = lambda shape: random(f"losses/{case}/cotangent").standard_normal(tuple(shape)).astype("float32")
    arguments = (y_true, y_pred, sample_weight, mask, activation)
    value, gradient, p = evaluate(loss, *arguments, "float32", cotangent)
    if exact:
        loss._dtype = "float64"
        value64, gradient64, _ = evaluate(loss, *arguments, "float64", cotangent)
        loss._dtype = "float32"
        worst = max(drift(value, value64), drift(gradient, gradient64))
        if worst > 0.3:
            print(f"note: losses/{case}: float32 is {worst:.2f} tolerances from float64")
    arrays = dict(y_true=y_true, y_pred=p if activation else y_pred, value=value)
    arrays.update({"logits": y_pred, "grad_logits": gradient} if activation else {"grad_y_pred": gradient})
    if sample_weight is not None:
        arrays["sample_weight"] = sample_weight
    if mask is not None:
        arrays["mask"] = mask
    if value.ndim:
        arrays["cotangent"] = cotangent(value.shape)
    metadata = dict(
        class_name=type(loss).__name__,
        config=keras.saving.serialize_keras_object(loss)["config"],
        arguments={"reduction": loss.reduction, **loss._fn_kwargs},
        activation=activation,
    )
    if note:
        metadata["note"] = note
    group.add(case, arrays, **metadata)


class Data:
    """Targets and predictions of one shape, drawn by the case's name."""

    def __init__(self, case, *shape):
        self.r = random("losses/" + case)
        self.shape = shape

    def real(self):
        return self.r.uniform(-3, 3, self.shape).astype("float32")

    def positive(self):
        return self.r.uniform(0.1, 3, self.shape).astype("float32")

    def probability(self):
        return self.r.uniform(0.02, 0.98, self.shape).astype("float32")

    def simplex(self):
        e = np.exp(self.r.uniform(-3, 3, self.shape))
        return (e / e.sum(-1, keepdims=True)).astype("float32")

    def bits(self):
        return self.r.randint(0, 2, self.shape).astype("float32")

    def signs(self):
        return self.bits() * 2 - 1

    def classes(self):
        return self.r.randint(0, self.shape[-1], self.shape[:-1]).astype("int32")

    def one_hot(self):
        return np.eye(self.shape[-1], dtype="float32")[self.classes()]

    def weights(self, *shape):
        w = self.r.uniform(0.2, 2, shape or self.shape[:-1])
        w.reshape(-1)[0] = 0
        return w.astype("float32")


def regression(group):
    from keras import losses

    makes = {
        "mean_squared_error": lambda **k: losses.MeanSquaredError(**k),
        "huber": lambda **k: losses.Huber(**k),
        "huber_delta": lambda **k: losses.Huber(delta=0.4, **k),
    }
    for name, make in makes.items():
        for label, shape, weights in [("rank2", (6, 4), (6,)), ("rank3", (2, 5, 3), (2, 5)), ("one", (7, 1), (7, 1))]:
            for reduction in REDUCTIONS:
                for weighted in (False, True):
                    case = f"{name}_{label}_{reduction}" + ("_weighted" if weighted else "")
                    d = Data(case, *shape)
                    add(
                        group, case, make(reduction=reduction), d.real(), d.real(), d.weights(*weights) if weighted else None
                    )
        for label, a, b, w in [
            ("rows_against_column", (6,), (6, 1), None),
            ("column_against_rows", (6, 1), (6,), None),
            ("rows_against_column_weighted", (6,), (6, 1), (6,)),
            ("rows_against_column_weighted_column", (6,), (6, 1), (6, 1)),
            ("rank2_against_rank3", (3, 4), (3, 4, 1), (3,)),
            ("rank3_weights_by_row", (3, 4, 2), (3, 4, 2), (3, 1)),
            ("rows_against_rows", (6,), (6,), (6,)),
        ]:
            case = f"{name}_{label}"
            r = random("losses/" + case)
            true, pred = r.uniform(-2, 2, a), r.uniform(-2, 2, b)
            add(group, case, make(), true.astype("float32"), pred, None if w is None else r.uniform(0.2, 2, w))
        case = f"{name}_integers"
        d = Data(case, 5, 3)
        add(group, case, make(), d.r.randint(-3, 4, (5, 3)), d.real())
        case = f"{name}_exact"
        d = Data(case, 3, 2)
        y = d.real()
        add(group, case, make(), y, y.copy())
        case = f"{name}_outliers"
        add(group, case, make(), [[0.0, 100.0, -3e3]], [[0.25, -100.0, 1e3]])
        for reduction in ("sum_over_batch_size", "sum", "mean_with_sample_weight"):
            case = f"{name}_zero_weights_{reduction}"
            d = Data(case, 4, 3)
            add(group, case, make(reduction=reduction), d.real(), d.real(), np.zeros(4))
            case = f"{name}_masked_{reduction}"
            d = Data(case, 2, 4, 3)
            mask = np.array([[1, 1, 0, 0], [1, 1, 1, 0]], bool)
            add(group, case, make(reduction=reduction), d.real(), d.real(), mask=mask)
            case = f"{name}_masked_weighted_{reduction}"
            add(group, case, make(reduction=reduction), d.real(), d.real(), d.weights(2, 4), mask=mask)
    # The very edge of Huber: |error| = delta belongs to the square.
    add(group, "huber_edge", losses.Huber(delta=0.5), [[0.0, 0.0, 0.0, 0.0]], [[0.5, -0.5, 0.75, 0.25]])


def categorical(group):
    from keras import losses

    make = losses.CategoricalCrossentropy
    for from_logits in (False, True):
        tail = "logits" if from_logits else "probabilities"
        for label, shape, weights in [("rank2", (6, 4), (6,)), ("rank3", (2, 5, 3), (2, 5))]:
            for reduction in REDUCTIONS:
                for weighted in (False, True):
                    case = f"categorical_crossentropy_{tail}_{label}_{reduction}" + ("_weighted" if weighted else "")
                    d = Data(case, *shape)
                    y = d.real() * 2 if from_logits else d.simplex()
                    loss = make(from_logits=from_logits, reduction=reduction)
                    add(group, case, loss, d.one_hot(), y, d.weights(*weights) if weighted else None)
        for label, k in [("smoothing", dict(label_smoothing=0.1)), ("soft_targets", {}), ("axis_1", dict(axis=1))]:
            case = f"categorical_crossentropy_{tail}_{label}"
            d = Data(case, 5, 4)
            y = d.real() * 2 if from_logits else d.simplex()
            t = d.simplex() if label == "soft_targets" else d.one_hot()
            if label == "axis_1":
                d = Data(case, 2, 3, 4)
                y, t = d.real() * 2 if from_logits else d.simplex(), d.one_hot()
                y, t = np.moveaxis(y, -1, 1), np.moveaxis(t, -1, 1)
            add(group, case, make(from_logits=from_logits, **k), t, y)
    eye = np.eye(3)
    rows = [[1, 0, 0], [0, 1, 0], [1e-9, 0.5, 0.5], [0.2, 0.3, 0.5], [2, 1, 1]]
    targets = eye[[0, 0, 0, 2, 0]]
    case = "categorical_crossentropy_probabilities_clipped"
    add(group, case, make(reduction="none"), targets, rows, exact=False, note="zeros, ones and a row that sums to 4: divided by the sum first, then clipped")
    large = [[40, -40, 0], [-40, 40, 0], [1000, 0, -1000], [88, 88, 88], [1e4, 1e4, -1e4]]
    add(group, "categorical_crossentropy_logits_large", make(from_logits=True, reduction="none"), eye[[0, 0, 2, 1, 0]], large)


def sparse(group):
    from keras import losses

    make = losses.SparseCategoricalCrossentropy
    for from_logits in (False, True):
        tail = "logits" if from_logits else "probabilities"
        for label, shape, weights in [("rank2", (6, 4), (6,)), ("rank3", (2, 5, 3), (2, 5))]:
            for reduction in REDUCTIONS:
                for weighted in (False, True):
                    case = f"sparse_categorical_crossentropy_{tail}_{label}_{reduction}"
                    case += "_weighted" if weighted else ""
                    d = Data(case, *shape)
                    y = d.real() * 2 if from_logits else d.simplex()
                    loss = make(from_logits=from_logits, reduction=reduction)
                    add(group, case, loss, d.classes(), y, d.weights(*weights) if weighted else None)
            for reduction in ("sum_over_batch_size", "sum", "mean_with_sample_weight", "none"):
                for weighted in (False, True):
                    for ignored in (0, -1):
                        case = f"sparse_categorical_crossentropy_{tail}_{label}_ignore_{ignored}_{reduction}"
                        case = case.replace("-1", "minus_1") + ("_weighted" if weighted else "")
                        d = Data(case, *shape)
                        y = d.real() * 2 if from_logits else d.simplex()
                        t = d.classes()
                        t.reshape(-1)[[0, 3]] = ignored
                        loss = make(from_logits=from_logits, reduction=reduction, ignore_class=ignored)
                        add(group, case, loss, t, y, d.weights(*weights) if weighted else None)
        for label, shape in [("column", (6, 4)), ("rank3_column", (2, 5, 3))]:
            case = f"sparse_categorical_crossentropy_{tail}_{label}"
            d = Data(case, *shape)
            y = d.real() * 2 if from_logits else d.simplex()
            add(group, case, make(from_logits=from_logits), d.classes()[..., None], y)
        case = f"sparse_categorical_crossentropy_{tail}_float_targets"
        d = Data(case, 5, 3)
        y = d.real() * 2 if from_logits else d.simplex()
        add(group, case, make(from_logits=from_logits), d.classes().astype("float32"), y)
    d = Data("sparse_categorical_crossentropy_all_ignored", 4, 3)
    add(group, "sparse_categorical_crossentropy_all_ignored", make(ignore_class=1), np.ones(4, int), d.simplex())
    rows = [[1, 0, 0], [0, 1, 0], [1e-9, 0.5, 0.5], [0.2, 0.3, 0.5], [2, 1, 1]]
    case = "sparse_categorical_crossentropy_probabilities_clipped"
    note = "zeros, ones and a row that sums to 4: clipped first, then divided by the sum (log, then softmax)"
    add(group, case, make(reduction="none"), [0, 0, 0, 2, 0], rows, exact=False, note=note)
    large = [[40, -40, 0], [-40, 40, 0], [1000, 0, -1000], [88, 88, 88], [1e4, 1e4, -1e4]]
    case = "sparse_categorical_crossentropy_logits_large"
    add(group, case, make(from_logits=True, reduction="none"), [0, 0, 2, 1, 0], large)


def binary(group):
    from keras import losses

    make = losses.BinaryCrossentropy
    for from_logits in (False, True):
        tail = "logits" if from_logits else "probabilities"
        for label, shape, weights in [("rank2", (6, 4), (6,)), ("rank3", (2, 5, 3), (2, 5)), ("one", (7, 1), (7,))]:
            for reduction in REDUCTIONS:
                for weighted in (False, True):
                    case = f"binary_crossentropy_{tail}_{label}_{reduction}" + ("_weighted" if weighted else "")
                    d = Data(case, *shape)
                    y = d.real() * 2 if from_logits else d.probability()
                    loss = make(from_logits=from_logits, reduction=reduction)
                    add(group, case, loss, d.bits(), y, d.weights(*weights) if weighted else None)
        case = f"binary_crossentropy_{tail}_smoothing"
        d = Data(case, 6, 2)
        y = d.real() * 2 if from_logits else d.probability()
        add(group, case, make(from_logits=from_logits, label_smoothing=0.2), d.bits(), y)
        case = f"binary_crossentropy_{tail}_soft_targets"
        d = Data(case, 6, 2)
        y = d.real() * 2 if from_logits else d.probability()
        add(group, case, make(from_logits=from_logits), d.probability(), y)
        for label, a, b in [("rows_against_column", (6,), (6, 1)), ("column_against_rows", (6, 1), (6,))]:
            case = f"binary_crossentropy_{tail}_{label}"
            d = Data(case, 6)
            y = d.real() * 2 if from_logits else d.probability()
            add(group, case, make(from_logits=from_logits), d.bits().astype("int32").reshape(a), y.reshape(b))
    p = [[0.0], [1.0], [0.0], [1.0], [1e-9], [0.99999994], [0.5]]
    t = [[0.0], [1.0], [1.0], [0.0], [1.0], [0.0], [1.0]]
    case = "binary_crossentropy_probabilities_clipped"
    add(group, case, make(reduction="none"), t, p, exact=False, note="zeros and ones")
    x = [[40.0], [-40.0], [40.0], [-40.0], [1000.0], [-1000.0], [0.0]]
    add(group, "binary_crossentropy_logits_large", make(from_logits=True, reduction="none"), t, x)


def from_activation(group):
    from keras import losses

    for reduction in ("sum_over_batch_size", "none"):
        for label, scale in [("moderate", 2), ("extreme", 40)]:
            tail = f"{label}_{reduction}"
            case = f"categorical_crossentropy_softmax_{tail}"
            d = Data(case, 6, 4)
            x = d.r.choice([-1, 1, 0.5, 0], d.shape) * scale + d.real() * 0.1
            loss = losses.CategoricalCrossentropy(reduction=reduction)
            add(group, case, loss, d.one_hot(), x, activation="softmax")
            case = f"sparse_categorical_crossentropy_softmax_{tail}"
            loss = losses.SparseCategoricalCrossentropy(reduction=reduction)
            add(group, case, loss, d.classes(), x, activation="softmax")
            case = f"binary_crossentropy_sigmoid_{tail}"
            d = Data(case, 8, 2)
            x = d.r.choice([-1, 1, 0.5, 0], d.shape) * scale + d.real() * 0.1
            loss = losses.BinaryCrossentropy(reduction=reduction)
            add(group, case, loss, d.bits(), x, activation="sigmoid")
    d = Data("from_activation", 5, 3)
    x, x1, t = d.real() * 10, d.real()[:, :1] * 10, d.bits()[:, :1]
    note = "from_logits is true, and the predictions are a softmax's: Keras warns and uses the logits, once"
    loss = losses.CategoricalCrossentropy(from_logits=True)
    add(group, "categorical_crossentropy_softmax_and_from_logits", loss, d.one_hot(), x, activation="softmax", note=note)
    loss = losses.BinaryCrossentropy(from_logits=True)
    add(group, "binary_crossentropy_sigmoid_and_from_logits", loss, t, x1, activation="sigmoid", note=note)
    loss = losses.CategoricalCrossentropy(label_smoothing=0.1)
    add(group, "categorical_crossentropy_softmax_smoothing", loss, d.one_hot(), x, activation="softmax")
    loss = losses.SparseCategoricalCrossentropy(ignore_class=1)
    add(group, "sparse_categorical_crossentropy_softmax_ignore_1", loss, [0, 1, 2, 1, 0], x, activation="softmax")
    loss = losses.BinaryCrossentropy(label_smoothing=0.1)
    add(group, "binary_crossentropy_sigmoid_smoothing", loss, t, x1, activation="sigmoid")
    loss = losses.BinaryCrossentropy()
    add(group, "binary_crossentropy_sigmoid_rows_against_column", loss, t[:, 0], x1, activation="sigmoid")
    x3 = np.float32([[[40.0], [-40.0]], [[3.0], [-20.0]]])
    note = "y_true (2, 2) against y_pred (2, 2, 1): the squeezed predictions have lost their logits, so they are clipped"
    case = "binary_crossentropy_sigmoid_squeezed"
    add(group, case, loss, [[0.0, 1.0], [1.0, 1.0]], x3, activation="sigmoid", note=note, exact=False)
    d = Data("softmax_wrong_pair", 5, 3)
    case = "mean_squared_error_softmax"
    add(group, case, losses.MeanSquaredError(), d.one_hot(), d.real(), activation="softmax")
    case = "binary_crossentropy_softmax"
    note = "BinaryCrossentropy on a softmax: Keras still takes the softmax's logits, as if they were a sigmoid's"
    add(group, case, losses.BinaryCrossentropy(), d.one_hot(), d.real(), activation="softmax", note=note)
    case = "categorical_crossentropy_sigmoid"
    note = "CategoricalCrossentropy on a sigmoid: Keras takes the sigmoid's logits, as if they were a softmax's"
    add(group, case, losses.CategoricalCrossentropy(), d.one_hot(), d.real(), activation="sigmoid", note=note)
    case = "binary_focal_crossentropy_sigmoid"
    d = Data(case, 6, 2)
    add(group, case, losses.BinaryFocalCrossentropy(), d.bits(), d.real() * 3, activation="sigmoid", exact=False)
    case = "categorical_focal_crossentropy_softmax"
    d = Data(case, 6, 3)
    add(group, case, losses.CategoricalFocalCrossentropy(), d.one_hot(), d.real(), activation="softmax", exact=False)


def others(group):
    """The remaining classes: the default and one other configuration, plain and weighted."""
    from keras import losses

    real, positive, probability = Data.real, Data.positive, Data.probability
    simplex, bits, signs, one_hot, classes = Data.simplex, Data.bits, Data.signs, Data.one_hot, Data.classes
    table = [
        (losses.MeanAbsoluteError, dict(reduction="sum"), real, real),
        (losses.MeanAbsolutePercentageError, dict(reduction="none"), positive, real),
        (losses.MeanSquaredLogarithmicError, dict(reduction="sum"), positive, positive),
        (losses.CosineSimilarity, dict(axis=0), real, real),
        (losses.LogCosh, dict(reduction="none"), real, real),
        (losses.Hinge, dict(reduction="sum"), signs, real),
        (losses.SquaredHinge, dict(reduction="none"), bits, real),
        (losses.CategoricalHinge, dict(reduction="sum"), one_hot, real),
        (losses.KLDivergence, dict(reduction="none"), simplex, simplex),
        (losses.Poisson, dict(reduction="sum"), positive, positive),
        (losses.BinaryFocalCrossentropy, dict(apply_class_balancing=True, gamma=3.0, alpha=0.4, from_logits=True), bits, real),
        (losses.CategoricalFocalCrossentropy, dict(alpha=0.5, gamma=1.5, from_logits=True, label_smoothing=0.1), one_hot, real),
        (losses.CategoricalGeneralizedCrossEntropy, dict(q=0.7), classes, simplex),
        (losses.Dice, dict(axis=(1,)), bits, probability),
        (losses.Tversky, dict(alpha=0.3, beta=0.7, axis=(1,)), bits, probability),
        (losses.Circle, dict(gamma=10.0, margin=0.25, remove_diagonal=False), classes, real),
    ]
    for make, other, true, pred in table:
        name = make().name
        for label, k in [("default", {}), ("other", other)]:
            for weighted in (False, True):
                if weighted and name in ("dice", "tversky", "cosine_similarity") and (label == "other" or name != "cosine_similarity"):
                    continue
                case = f"{name}_{label}" + ("_weighted" if weighted else "")
                d = Data(case, 6, 4)
                t, p = true(d), pred(d)
                if name == "binary_focal_crossentropy" and label == "default":
                    p = d.probability()
                if name == "categorical_focal_crossentropy" and label == "default":
                    p = d.simplex()
                if name == "circle":
                    t = np.array([0, 1, 0, 2, 1, 0])
                    p = p / np.linalg.norm(p, axis=-1, keepdims=True)
                add(group, case, make(**k), t, p, d.weights(6) if weighted else None)
    for label, k in [("default", {}), ("other", dict(reduction="none"))]:
        case = f"ctc_{label}"
        d = Data(case, 3, 7, 5)
        note = "labels 1 to 4, padded with 0; class 0 is the blank"
        labels = np.array([[1, 2, 3, 0], [4, 4, 0, 0], [2, 0, 0, 0]])
        add(group, case, losses.CTC(**k), labels, d.real(), note=note)


def generate():
    group = Group("losses")
    for part in (regression, categorical, sparse, binary, from_activation, others):
        part(group)
    group.write()
