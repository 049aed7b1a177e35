"""Metrics: three successive updates and the result after each.

`class_name`, `config` (`get_config()`), `variables` (`{name, shape, dtype}` of the state, in order), `inputs`: `y_true_y_pred`
or `values` (Mean, Sum). Arrays: `y_true<k>`, `y_pred<k>` (or `values<k>`), maybe `sample_weight<k>`, for k = 0, 1, 2, and
`result<k>`; `state<i>` is variable i after the last update.

`compiled_*` cases hold what the words of `metrics=["accuracy", "mae", ...]` become in `compile`: `identifier`,
`y_true_shape`, `y_pred_shape` (they decide what "accuracy" and "acc" are) and `class_name`, `name` (the key of the history),
`config`, or `error`.
"""

import numpy as np

from store import Group, random


def add(group, case, make, update, weights=None):
    import keras

    keras.backend.clear_session()
    metric = make()
    r = random("metrics/" + case)
    arrays = {}
    for k in range(3):
        data = [np.asarray(a) for a in update(r, k)]
        data = [a.astype("float32") if a.dtype.kind == "f" else a.astype("int32") if a.dtype.kind == "i" else a for a in data]
        names = ["y_true", "y_pred"] if len(data) == 2 else ["values"]
        arrays.update({f"{n}{k}": a for n, a in zip(names, data)})
        extra = {}
        if weights is not None:
            extra["sample_weight"] = weights(r, data[0]).astype("float32")
            arrays[f"sample_weight{k}"] = extra["sample_weight"]
        metric.update_state(*data, **extra)
        arrays[f"result{k}"] = np.asarray(metric.result(), "float32")
    arrays.update({f"state{i}": v.numpy() for i, v in enumerate(metric.variables)})
    group.add(
        case,
        arrays,
        class_name=type(metric).__name__,
        config=keras.saving.serialize_keras_object(metric)["config"],
        inputs="values" if len(names) == 1 else "y_true_y_pred",
        variables=[dict(name=v.name, shape=tuple(v.shape), dtype=str(v.dtype)) for v in metric.variables],
    )


SIZES = [7, 5, 3]


def row_weights(r, a):
    w = r.uniform(0.2, 2, len(a))
    w[0] = 0
    return w


def simplex(r, *shape):
    e = np.exp(r.uniform(-2, 2, shape))
    return e / e.sum(-1, keepdims=True)


def both(group, case, make, update, weights=row_weights):
    add(group, case, make, update)
    add(group, case + "_weighted", make, update, weights)


def generate():
    from keras import metrics as m

    group = Group("metrics")
    real = lambda r, k: (r.uniform(-2, 2, (SIZES[k], 3)), r.uniform(-2, 2, (SIZES[k], 3)))
    positive = lambda r, k: (r.uniform(0.1, 2, (SIZES[k], 3)), r.uniform(0.1, 2, (SIZES[k], 3)))
    column = lambda r, k: (r.uniform(-2, 2, SIZES[k]), r.uniform(-2, 2, (SIZES[k], 1)))
    bits = lambda r, k: (r.randint(0, 2, (SIZES[k], 3)) * 1.0, r.uniform(0, 1, (SIZES[k], 3)))
    bit_rows = lambda r, k: (r.randint(0, 2, SIZES[k]), r.uniform(0, 1, (SIZES[k], 1)))
    bit_logits = lambda r, k: (r.randint(0, 2, (SIZES[k], 1)) * 1.0, r.uniform(-3, 3, (SIZES[k], 1)))
    one_hot = lambda r, k: (np.eye(4)[r.randint(0, 4, SIZES[k])], simplex(r, SIZES[k], 4))
    sparse = lambda r, k: (r.randint(0, 4, SIZES[k]), simplex(r, SIZES[k], 4))
    sparse_column = lambda r, k: (r.randint(0, 4, (SIZES[k], 1)), simplex(r, SIZES[k], 4))
    sequence = lambda r, k: (r.randint(0, 4, (SIZES[k], 2)), simplex(r, SIZES[k], 2, 4))
    one_hot_sequence = lambda r, k: (np.eye(4)[r.randint(0, 4, (SIZES[k], 2))], simplex(r, SIZES[k], 2, 4))
    logits = lambda r, k: (r.randint(0, 4, SIZES[k]), r.uniform(-3, 3, (SIZES[k], 4)))
    one_hot_logits = lambda r, k: (np.eye(4)[r.randint(0, 4, SIZES[k])], r.uniform(-3, 3, (SIZES[k], 4)))
    labels = lambda r, k: (r.randint(0, 3, (SIZES[k], 2)), r.randint(0, 3, (SIZES[k], 2)))
    label_rows = lambda r, k: (r.randint(0, 3, SIZES[k]), r.randint(0, 3, SIZES[k]))
    signs = lambda r, k: (r.choice([-1.0, 1.0], (SIZES[k], 3)), r.uniform(-2, 2, (SIZES[k], 3)))
    values = lambda r, k: (r.uniform(-2, 2, SIZES[k]),)
    steps = lambda r, a: r.uniform(0.2, 2, a.shape[:2])

    both(group, "accuracy", m.Accuracy, labels)
    both(group, "accuracy_rows", m.Accuracy, label_rows)
    both(group, "binary_accuracy", m.BinaryAccuracy, bits)
    both(group, "binary_accuracy_rows", m.BinaryAccuracy, bit_rows)
    both(group, "binary_accuracy_threshold", lambda: m.BinaryAccuracy(threshold=0.7), bits)
    both(group, "binary_accuracy_threshold_0", lambda: m.BinaryAccuracy(threshold=0.0), bit_logits)
    ties = lambda r, k: ([[1.0], [0.0], [1.0]], [[0.5], [0.5], [0.50001]])
    add(group, "binary_accuracy_ties", m.BinaryAccuracy, ties)
    both(group, "categorical_accuracy", m.CategoricalAccuracy, one_hot)
    both(group, "categorical_accuracy_sequence", m.CategoricalAccuracy, one_hot_sequence, steps)
    ties = lambda r, k: (np.eye(3)[[0, 1, 2, 1]], [[0.4, 0.4, 0.2], [0.4, 0.4, 0.2], [1 / 3] * 3, [0, 0, 0]])
    add(group, "categorical_accuracy_ties", m.CategoricalAccuracy, ties)
    both(group, "sparse_categorical_accuracy", m.SparseCategoricalAccuracy, sparse)
    both(group, "sparse_categorical_accuracy_column", m.SparseCategoricalAccuracy, sparse_column)
    both(group, "sparse_categorical_accuracy_sequence", m.SparseCategoricalAccuracy, sequence, steps)
    ties = lambda r, k: ([0, 1, 2, 1], [[0.4, 0.4, 0.2], [0.4, 0.4, 0.2], [1 / 3] * 3, [0, 0, 0]])
    add(group, "sparse_categorical_accuracy_ties", m.SparseCategoricalAccuracy, ties)
    both(group, "top_k_categorical_accuracy", lambda: m.TopKCategoricalAccuracy(k=2), one_hot)
    add(group, "top_k_categorical_accuracy_default", m.TopKCategoricalAccuracy, one_hot)
    both(group, "sparse_top_k_categorical_accuracy", lambda: m.SparseTopKCategoricalAccuracy(k=2), sparse)
    both(group, "sparse_top_k_categorical_accuracy_sequence", lambda: m.SparseTopKCategoricalAccuracy(k=2), sequence, steps)
    add(group, "sparse_top_k_categorical_accuracy_default", m.SparseTopKCategoricalAccuracy, sparse)
    ties = lambda r, k: ([0, 1, 2, 3], [[1.0, 1, 1, 0], [1, 1, 1, 0], [1, 1, 1, 0], [1, 1, 1, 1]])
    add(group, "sparse_top_k_categorical_accuracy_ties", lambda: m.SparseTopKCategoricalAccuracy(k=2), ties)
    both(group, "mean_absolute_error", m.MeanAbsoluteError, real)
    both(group, "mean_absolute_error_rows", m.MeanAbsoluteError, column)
    both(group, "mean_squared_error", m.MeanSquaredError, real)
    both(group, "mean_squared_error_rows", m.MeanSquaredError, column)
    both(group, "root_mean_squared_error", m.RootMeanSquaredError, real)
    both(group, "root_mean_squared_error_rows", m.RootMeanSquaredError, column)
    both(group, "mean", lambda: m.Mean(name="loss"), values)
    both(group, "sum", m.Sum, values)
    both(group, "binary_crossentropy", m.BinaryCrossentropy, bits)
    both(group, "binary_crossentropy_logits", lambda: m.BinaryCrossentropy(from_logits=True, label_smoothing=0.1), bit_logits)
    both(group, "categorical_crossentropy", m.CategoricalCrossentropy, one_hot)
    other = lambda: m.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    both(group, "categorical_crossentropy_logits", other, one_hot_logits)
    both(group, "sparse_categorical_crossentropy", m.SparseCategoricalCrossentropy, sparse)
    both(group, "sparse_categorical_crossentropy_logits", lambda: m.SparseCategoricalCrossentropy(from_logits=True), logits)
    both(group, "sparse_categorical_crossentropy_sequence", m.SparseCategoricalCrossentropy, sequence, steps)
    # For later issues.
    both(group, "mean_absolute_percentage_error", m.MeanAbsolutePercentageError, positive)
    both(group, "mean_squared_logarithmic_error", m.MeanSquaredLogarithmicError, positive)
    both(group, "cosine_similarity", m.CosineSimilarity, real)
    both(group, "log_cosh_error", m.LogCoshError, real)
    both(group, "r2_score", m.R2Score, real)
    both(group, "hinge", m.Hinge, signs)
    both(group, "squared_hinge", m.SquaredHinge, signs)
    both(group, "categorical_hinge", m.CategoricalHinge, one_hot)
    both(group, "kl_divergence", m.KLDivergence, lambda r, k: (simplex(r, SIZES[k], 4), simplex(r, SIZES[k], 4)))
    both(group, "poisson", m.Poisson, positive)
    both(group, "precision", m.Precision, bit_rows)
    both(group, "recall", m.Recall, bit_rows)
    both(group, "auc", lambda: m.AUC(num_thresholds=20), bit_rows)
    both(group, "f1_score", lambda: m.F1Score(average="macro"), one_hot)

    compiled(group)
    group.write()


WORDS = """
accuracy acc Accuracy ACC mae MAE mean_absolute_error MeanAbsoluteError mse MSE mean_squared_error MeanSquaredError rmse RMSE
root_mean_squared_error RootMeanSquaredError mape msle binary_accuracy BinaryAccuracy categorical_accuracy CategoricalAccuracy
sparse_categorical_accuracy SparseCategoricalAccuracy top_k_categorical_accuracy sparse_top_k_categorical_accuracy
binary_crossentropy bce BCE BinaryCrossentropy categorical_crossentropy cce CategoricalCrossentropy
sparse_categorical_crossentropy SparseCategoricalCrossentropy crossentropy ce cosine_similarity CosineSimilarity kl_divergence
kld KLD hinge squared_hinge categorical_hinge poisson logcosh LogCoshError r2_score R2Score precision Precision recall
Recall auc AUC f1_score F1Score mean Mean huber
""".split()


def compiled(group):
    """What the words of `compile(metrics=[...])` become for given shapes of targets and predictions."""
    import keras
    from keras.src.trainers.compile_utils import get_metric

    shapes = [((2, 1), (2, 1)), ((2,), (2, 1)), ((2, 3), (2, 3)), ((2,), (2, 3)), ((2, 1), (2, 3)), ((2, 5), (2, 5, 3))]
    for word in WORDS:
        automatic = word.lower() in ("accuracy", "acc")
        for true, pred in shapes if automatic else shapes[:1]:
            keras.backend.clear_session()
            case = f"compiled_{word}"
            if automatic:
                case += "_" + "x".join(map(str, true)) + "_" + "x".join(map(str, pred))
            # Not part of the name: the file system and readers may fold case.
            case += "_capital" if word != word.lower() else ""
            try:
                metric = get_metric(word, np.zeros(true), np.zeros(pred))
            except ValueError as error:
                group.add(case, identifier=word, y_true_shape=true, y_pred_shape=pred, error=str(error))
                continue
            config = keras.saving.serialize_keras_object(metric)["config"]
            group.add(
                case,
                identifier=word,
                y_true_shape=true,
                y_pred_shape=pred,
                class_name=type(metric).__name__,
                name=metric.name,
                config=config,
            )
