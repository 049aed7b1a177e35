"""Layers of one input that have few or no weights, and Embedding; the same form as `layers.py`."""

import numpy as np

from groups.layers import add
from store import Group, random


def generate():
    group = Group("layers_plain")
    for part in (reshaping, core, embedding, regularization, activations, normalization, group_normalization):
        part(group)
    group.write()


def mask_of(case, shape):
    """A mask with both values in it."""
    return random(f"layers_plain/{case}/mask").uniform(size=shape) > 0.4


def reshaping(group):
    from keras import layers

    add(group, "reshape", lambda: layers.Reshape((3, 2)), [(2, 6)])
    add(group, "reshape_rest", lambda: layers.Reshape((-1, 2)), [(2, 3, 4)])
    add(group, "reshape_flat", lambda: layers.Reshape((-1,)), [(2, 3, 4)])
    add(group, "reshape_scalar", lambda: layers.Reshape(()), [(3, 1)])
    add(group, "reshape_masked", lambda: layers.Reshape((4,)), [(2, 4)], masks=[mask_of("reshape", (2, 4))])
    add(group, "permute", lambda: layers.Permute((2, 1)), [(2, 3, 4)])
    add(group, "permute_rank4", lambda: layers.Permute((3, 1, 2)), [(2, 3, 4, 5)])
    add(group, "permute_rank2", lambda: layers.Permute((1,)), [(2, 3)])
    add(group, "repeat_vector", lambda: layers.RepeatVector(3), [(2, 4)])
    add(group, "repeat_vector_1", lambda: layers.RepeatVector(1), [(2, 4)])
    add(group, "flatten_regularized", lambda: layers.Flatten(activity_regularizer="l2"), [(2, 3, 2)], loss=True)


def core(group):
    from keras import layers

    steps = np.random.RandomState(3).uniform(-2, 2, (3, 4, 2)).astype("float32")
    steps[0, 1] = 0
    steps[1, 2, 0] = 0
    steps[2] = 0
    add(group, "masking", lambda: layers.Masking(), None, given=[steps])
    ones = np.where(steps == 0, -1, steps).astype("float32")
    add(group, "masking_value", lambda: layers.Masking(mask_value=-1.0), None, given=[ones])
    add(group, "identity", lambda: layers.Identity(), [(2, 3)])
    add(group, "identity_masked", lambda: layers.Identity(), [(2, 3)], masks=[mask_of("identity", (2,))])
    add(group, "rescaling", lambda: layers.Rescaling(1 / 127.5, offset=-1), [(2, 3)], low=0, high=255)
    add(group, "rescaling_channels", lambda: layers.Rescaling([0.5, 2.0, -1.0], offset=[0.0, 1.0, 2.0]), [(2, 2, 2, 3)])
    pixels = random("layers_plain/pixels").randint(0, 256, (2, 2, 3)).astype("uint8")
    add(group, "rescaling_pixels", lambda: layers.Rescaling(1 / 255.0), None, given=[pixels])
    mask = [mask_of("core", (2, 3))]
    add(group, "dense_masked", lambda: layers.Dense(2), [(2, 3, 4)], masks=mask)
    add(group, "dropout_masked", lambda: layers.Dropout(0.5), [(2, 3, 4)], masks=mask)
    add(group, "activation_masked", lambda: layers.Activation("tanh"), [(2, 3, 4)], masks=mask)
    add(group, "flatten_masked", lambda: layers.Flatten(), [(2, 3, 4)], masks=mask)
    add(group, "rescaling_masked", lambda: layers.Rescaling(2.0), [(2, 3, 4)], masks=mask)
    add(group, "batch_normalization_masked", lambda: layers.BatchNormalization(), [(2, 3, 4)], masks=mask)
    add(group, "dense_regularized", lambda: layers.Dense(2, activity_regularizer="l1"), [(4, 3)], loss=True)
    add(group, "activation_regularized", lambda: layers.Activation("relu", activity_regularizer="l2"), [(4, 3)], loss=True)
    add(
        group,
        "batch_normalization_regularized",
        lambda: layers.BatchNormalization(activity_regularizer="l2"),
        [(4, 3)],
        loss=True,
    )


def embedding(group):
    from keras import layers

    r = random("layers_plain/embedding")
    ids = r.randint(0, 7, (3, 4)).astype("int32")
    ids[0, 0] = ids[1, 1] = 0
    add(group, "embedding", lambda: layers.Embedding(7, 3), None, given=[ids])
    add(group, "embedding_mask_zero", lambda: layers.Embedding(7, 3, mask_zero=True), None, given=[ids])
    add(group, "embedding_rank1", lambda: layers.Embedding(7, 3), None, given=[ids[:, 0]])
    add(group, "embedding_int64", lambda: layers.Embedding(7, 2), None, given=[ids.astype("int64")])
    add(group, "embedding_float", lambda: layers.Embedding(7, 2, mask_zero=True), None, given=[ids.astype("float32") + 0.25])
    add(
        group,
        "embedding_rich_config",
        lambda: layers.Embedding(
            7,
            3,
            embeddings_initializer="glorot_uniform",
            embeddings_regularizer="l2",
            embeddings_constraint="max_norm",
            activity_regularizer="l1",
            mask_zero=True,
            name="words",
        ),
        None,
        given=[ids],
        loss=True,
    )
    same = np.full((2, 5), 3, "int32")
    add(group, "embedding_one_row_often", lambda: layers.Embedding(4, 2), None, given=[same])


def regularization(group):
    from keras import layers

    add(group, "activity_regularization", lambda: layers.ActivityRegularization(0.1, 0.02), [(4, 3)], loss=True)
    add(group, "activity_regularization_l1", lambda: layers.ActivityRegularization(l1=0.1), [(2, 3, 2)], loss=True)
    cases = {
        "gaussian_noise": (lambda k: layers.GaussianNoise(0.3, seed=7), (3, 4)),
        "gaussian_noise_0": (lambda k: layers.GaussianNoise(0), (3, 4)),
        "gaussian_dropout": (lambda k: layers.GaussianDropout(0.3), (3, 4)),
        "alpha_dropout": (lambda k: layers.AlphaDropout(0.3), (3, 4)),
        "alpha_dropout_noise": (lambda k: layers.AlphaDropout(0.3, noise_shape=(None, 1), seed=1), (3, 4)),
        "spatial_dropout1d": (lambda k: layers.SpatialDropout1D(0.25), (2, 3, 4)),
        "spatial_dropout2d": (lambda k: layers.SpatialDropout2D(0.25, seed=2), (2, 3, 2, 4)),
        "spatial_dropout2d_first": (lambda k: layers.SpatialDropout2D(0.25, data_format="channels_first"), (2, 3, 2, 4)),
        "spatial_dropout3d": (lambda k: layers.SpatialDropout3D(0.25, name="drop"), (2, 3, 2, 2, 2)),
    }
    for case, (make, shape) in cases.items():
        add(group, case, lambda make=make: make(None), [shape])
        if shape == (3, 4):
            add(group, case + "_masked", lambda make=make: make(None), [shape], masks=[mask_of(case, (3,))])


def activations(group):
    from keras import layers

    wide = dict(low=-8, high=8)
    shape = [(3, 7)]
    add(group, "relu", lambda: layers.ReLU(), shape, **wide)
    add(group, "relu_max", lambda: layers.ReLU(max_value=2.0), shape, **wide)
    add(group, "relu_6", lambda: layers.ReLU(6), shape, **wide)
    add(group, "relu_slope", lambda: layers.ReLU(negative_slope=0.2), shape, **wide)
    add(group, "relu_threshold", lambda: layers.ReLU(threshold=1.0), shape, **wide)
    add(group, "relu_all", lambda: layers.ReLU(max_value=3.0, negative_slope=0.1, threshold=0.5), shape, **wide)
    add(group, "relu_max_slope", lambda: layers.ReLU(max_value=3.0, negative_slope=0.1), shape, **wide)
    add(group, "relu_masked", lambda: layers.ReLU(), shape, masks=[mask_of("relu", (3,))], **wide)
    add(group, "leaky_relu", lambda: layers.LeakyReLU(), shape, **wide)
    add(group, "leaky_relu_slope", lambda: layers.LeakyReLU(negative_slope=0.05), shape, **wide)
    add(group, "elu", lambda: layers.ELU(), shape, **wide)
    add(group, "elu_alpha", lambda: layers.ELU(alpha=0.5), shape, **wide)
    add(group, "prelu", lambda: layers.PReLU(), shape, **wide)
    add(group, "prelu_shared", lambda: layers.PReLU(shared_axes=[1, 2]), [(2, 3, 2, 4)], **wide)
    add(
        group,
        "prelu_rich_config",
        lambda: layers.PReLU(
            alpha_initializer="ones", alpha_regularizer="l2", alpha_constraint="non_neg", shared_axes=[1]
        ),
        [(2, 3, 4)],
        masks=[mask_of("prelu", (2, 3))],
        **wide,
    )
    add(group, "softmax", lambda: layers.Softmax(), shape, **wide)
    add(group, "softmax_axis", lambda: layers.Softmax(axis=1), [(2, 3, 4)], **wide)
    add(group, "softmax_axes", lambda: layers.Softmax(axis=(1, 2)), [(2, 3, 4)], **wide)
    add(group, "softmax_list", lambda: layers.Softmax(axis=[-2]), [(2, 3, 4)], **wide)
    mask = mask_of("softmax", (3, 7))
    mask[1] = False
    add(group, "softmax_masked", lambda: layers.Softmax(), shape, masks=[mask], **wide)


def normalization(group):
    from keras import layers

    add(group, "unit_normalization", lambda: layers.UnitNormalization(), [(3, 4)])
    add(group, "unit_normalization_axis", lambda: layers.UnitNormalization(axis=1), [(2, 3, 4)])
    add(group, "unit_normalization_axes", lambda: layers.UnitNormalization(axis=[1, 2]), [(2, 3, 4)])
    zero = random("layers_plain/zero").uniform(-2, 2, (3, 4)).astype("float32")
    zero[1] = 0
    add(group, "unit_normalization_zero", lambda: layers.UnitNormalization(), None, given=[zero], differentiable=False)
    make = layers.LayerNormalization
    add(group, "layer_normalization", lambda: make(), [(3, 5)])
    add(group, "layer_normalization_rank3", lambda: make(), [(2, 3, 5)], masks=[mask_of("layer", (2, 3))])
    add(group, "layer_normalization_axis_1", lambda: make(axis=1), [(2, 3, 5)])
    add(group, "layer_normalization_axes", lambda: make(axis=[1, 2]), [(2, 3, 5)])
    add(group, "layer_normalization_axes_sorted", lambda: make(axis=[2, 1]), [(2, 3, 5)])
    add(group, "layer_normalization_axes_negative", lambda: make(axis=[-1, -2]), [(2, 3, 5)])
    add(group, "layer_normalization_axes_mixed", lambda: make(axis=[1, -1]), [(2, 3, 2)])
    add(group, "layer_normalization_plain", lambda: make(center=False, scale=False), [(3, 5)])
    add(group, "layer_normalization_no_center", lambda: make(center=False, epsilon=0.1), [(3, 5)])
    add(group, "layer_normalization_rms_scaling", lambda: make(rms_scaling=True), [(3, 5)])
    add(
        group,
        "layer_normalization_rich_config",
        lambda: make(
            beta_initializer="ones",
            gamma_initializer="uniform",
            beta_regularizer="l1",
            gamma_regularizer="l2",
            beta_constraint="non_neg",
            gamma_constraint="max_norm",
            activity_regularizer="l2",
        ),
        [(3, 5)],
        loss=True,
    )
    add(group, "rms_normalization", lambda: layers.RMSNormalization(), [(3, 5)])
    add(group, "rms_normalization_rank3", lambda: layers.RMSNormalization(epsilon=0.01), [(2, 3, 5)])
    add(group, "rms_normalization_axes", lambda: layers.RMSNormalization(axis=[1, 2]), [(2, 3, 5)])


def group_normalization(group):
    from keras import layers

    make = layers.GroupNormalization
    add(group, "group_normalization", lambda: make(2), [(3, 6)])
    add(group, "group_normalization_rank4", lambda: make(2), [(2, 3, 2, 4)])
    add(group, "group_normalization_first", lambda: make(3, axis=1), [(2, 6, 2, 2)])
    add(group, "group_normalization_axis_minus_2", lambda: make(2, axis=-2), [(2, 3, 4, 3)])
    add(group, "group_normalization_layer", lambda: make(1), [(2, 3, 4)], masks=[mask_of("group", (2, 3))])
    add(group, "group_normalization_no_center", lambda: make(2, center=False, epsilon=0.1), [(2, 3, 4)])
    add(group, "group_normalization_no_scale", lambda: make(2, scale=False), [(2, 3, 4)])
