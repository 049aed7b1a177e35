"""More of the museum (see `museum.py`): layers without kernels, merging layers, Embedding, in `layers.json` and `layers.npz` of a version.

    k215/bin/python oracle/museum_layers.py; k30/bin/python oracle/museum_layers.py
"""

import museum
import numpy as np
from museum import FOLDER, IS_2, VERSION, add
from store import Group, random

from keras import Input, Model, Sequential, layers, optimizers


def compiled(model, optimizer=None):
    model.compile(optimizer or optimizers.Adam(0.01), "mse")
    return model


def reshaped(x):
    stack = [
        Input((4,)),
        layers.Rescaling(2.0, offset=0.5),
        layers.Reshape((2, 2)),
        layers.Permute((2, 1)),
        layers.Flatten(),
        layers.RepeatVector(3),
        layers.Identity(),
        layers.Flatten(),
        layers.Dense(3),
    ]
    return compiled(Sequential(stack))


def noisy(x):
    stack = [
        Input((4,)),
        layers.GaussianNoise(0.1),
        layers.GaussianDropout(0.1, **({} if IS_2 else dict(seed=3))),
        layers.AlphaDropout(0.1),
        layers.ActivityRegularization(0.01, 0.02),
        layers.Reshape((2, 2)),
        layers.SpatialDropout1D(0.1),
        layers.Reshape((2, 2, 1)),
        layers.SpatialDropout2D(0.1),
        layers.Reshape((2, 2, 1, 1)),
        layers.SpatialDropout3D(0.1),
        layers.Flatten(),
        # What it adds to the loss is another number in each version: of the batch's sum, or of its mean over the rows.
        layers.Dense(3, activity_regularizer="l2"),
    ]
    return compiled(Sequential(stack))


def activated(x):
    stack = [
        Input((4,)),
        layers.Dense(6),
        layers.ReLU(6.0, 0.1, 0.2),
        layers.Dense(6),
        layers.LeakyReLU(0.2),
        layers.ELU(0.7),
        layers.PReLU(),
        layers.Reshape((2, 3)),
        layers.PReLU(shared_axes=[1]),
        layers.Softmax(axis=1),
        layers.Flatten(),
        layers.Dense(3),
        layers.Softmax(),
    ]
    return compiled(Sequential(stack))


def normed(x):
    stack = [
        Input((4,)),
        layers.Dense(6),
        layers.LayerNormalization(),
        layers.Reshape((3, 2)),
        layers.LayerNormalization(axis=[1, 2], epsilon=0.01),
        layers.GroupNormalization(2),
        layers.UnitNormalization(),
        layers.Flatten(),
        layers.Dense(3),
    ]
    return compiled(Sequential(stack))


def root_mean_square(x):
    return compiled(Sequential([Input((4,)), layers.RMSNormalization(), layers.Dense(3)]))


def merged(x):
    inputs = Input((4,), name="x")
    a, b = layers.Dense(3, name="a")(inputs), layers.Dense(3, name="b")(inputs)
    both = [
        layers.Add()([a, b]),
        layers.Subtract()([a, b]),
        layers.Multiply()([a, b]),
        layers.Average()([a, b]),
        layers.Maximum()([a, b]),
        layers.Minimum()([a, b]),
        layers.Dot(axes=1)([a, b]),
        layers.Dot(axes=-1, normalize=True)([a, b]),
    ]
    return compiled(Model(inputs, layers.Dense(3)(layers.Concatenate()(both)), name="merging"))


def masked(x):
    stack = [Input((4,)), layers.ReLU(), layers.Reshape((2, 2)), layers.Masking(), layers.Dense(3), layers.Flatten(), layers.Dense(3)]
    return compiled(Sequential(stack))


def embedded(x):
    stack = [Input((4,), dtype="int32"), layers.Embedding(7, 3, mask_zero=True), layers.Dense(2), layers.Flatten(), layers.Dense(3)]
    # With Adam, Keras 3 on TensorFlow squares the gradients of a row that is named twice one by one; Keras 2 and the other backends do not.
    return compiled(Sequential(stack), optimizers.SGD(0.1))


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    group = Group(f"museum/{VERSION}/layers")
    ids = random("museum/embedded/ids").randint(0, 7, (8, 4)).astype("int32")
    for make in [reshaped, noisy, activated, normed, root_mean_square, merged, masked, embedded]:
        try:
            add(group, make, ids if make is embedded else None)
        except Exception as error:
            print(f"{make.__name__}: {error}")
    group.write()


if __name__ == "__main__":
    main()
