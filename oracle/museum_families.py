"""More of the museum (see `museum.py`): recurrent layers and wrappers, convolution, pooling, padding, cropping, upsampling.

    k215/bin/python oracle/museum_families.py; k30/bin/python oracle/museum_families.py

Two groups a version, `recurrent` and `convolutional`; the files of a group stand in one archive beside it, since most of an HDF5
file is empty: `museum/VERSION/recurrent.zip/simple.h5` in `files` is the member `simple.h5` of `recurrent.zip`.
"""

import pathlib
import tempfile
import zipfile

import museum
from museum import FOLDER, IS_2, VERSION
from store import Group, random

from keras import Input, Model, Sequential, layers, optimizers


def compiled(model, optimizer=None):
    model.compile(optimizer or optimizers.Adam(0.01), "mse")
    return model


def simple(x):
    return compiled(
        Sequential(
            [
                Input((5, 3)),
                layers.SimpleRNN(4, return_sequences=True),
                layers.SimpleRNN(3, activation="relu", use_bias=False, go_backwards=True, recurrent_regularizer="l2"),
                layers.Dense(3),
            ]
        )
    )


def lstm(x):
    return compiled(
        Sequential(
            [
                Input((5, 3)),
                layers.LSTM(4, return_sequences=True, unit_forget_bias=False, kernel_constraint="max_norm"),
                layers.LSTM(3, activation="relu", recurrent_activation="tanh", use_bias=False, return_sequences=True),
                layers.LSTM(2, unroll=True, kernel_initializer="he_uniform"),
                layers.Dense(3),
            ]
        )
    )


def gru(x):
    return compiled(
        Sequential([Input((5, 3)), layers.GRU(4, return_sequences=True), layers.GRU(3, reset_after=False), layers.Dense(3)])
    )


def both_ways(x):
    return compiled(
        Sequential(
            [
                Input((5, 3)),
                layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
                layers.Bidirectional(layers.GRU(2, return_sequences=True), merge_mode="sum"),
                layers.Bidirectional(
                    layers.SimpleRNN(3, return_sequences=True, name="ahead"),
                    merge_mode="mul",
                    backward_layer=layers.LSTM(3, return_sequences=True, go_backwards=True, name="back"),
                ),
                layers.Bidirectional(layers.SimpleRNN(4), merge_mode="ave"),
                layers.Dense(3),
            ]
        )
    )


def each_step(x):
    return compiled(
        Sequential(
            [
                Input((5, 3)),
                layers.TimeDistributed(layers.Dense(4, activation="relu")),
                layers.TimeDistributed(layers.BatchNormalization()),
                layers.Reshape((5, 2, 2)),
                layers.TimeDistributed(layers.Conv1D(3, 2, padding="same")),
                layers.TimeDistributed(layers.Flatten()),
                layers.GRU(3),
                layers.Dense(3),
            ]
        )
    )


# In training, Keras 3 normalises each step by itself where Keras 2 takes all steps together.
each_step.continues = IS_2


def word_steps(x):
    stack = [Input((5,), dtype="int32"), layers.Embedding(9, 4, mask_zero=True), layers.LSTM(4, return_sequences=True)]
    stack += [layers.Bidirectional(layers.GRU(3)), layers.Dense(3)]
    return compiled(Sequential(stack), optimizers.SGD(0.05))


def states(x):
    inputs = Input((5, 3), name="x")
    sequence, hidden, cell = layers.LSTM(4, return_sequences=True, return_state=True)(inputs)
    last, state = layers.GRU(3, return_state=True)(sequence)
    joined = layers.Concatenate()([hidden, cell, last, state])
    return compiled(Model(inputs, layers.Dense(3)(joined), name="states"))


def one_axis(x):
    return compiled(
        Sequential(
            [
                Input((6, 3)),
                layers.ZeroPadding1D(1),
                layers.Conv1D(4, 3, activation="relu", dilation_rate=2, padding="causal"),
                layers.MaxPooling1D(2, padding="same"),
                layers.UpSampling1D(2),
                layers.SeparableConv1D(4, 3, padding="same", depth_multiplier=2),
                layers.DepthwiseConv1D(2, use_bias=False),
                layers.Cropping1D((1, 0)),
                layers.Conv1DTranspose(3, 3, strides=2, padding="same"),
                layers.AveragePooling1D(2, strides=1),
                layers.GlobalAveragePooling1D(),
                layers.Dense(3),
            ]
        )
    )


def two_axes(x):
    return compiled(
        Sequential(
            [
                Input((6, 5, 2)),
                layers.ZeroPadding2D(((1, 0), (1, 1))),
                layers.Conv2D(4, (3, 2), strides=(2, 1), padding="same", kernel_initializer="he_normal"),
                layers.BatchNormalization(),
                layers.Activation("relu"),
                layers.MaxPooling2D((2, 2), padding="same"),
                layers.UpSampling2D((2, 1)),
                layers.SeparableConv2D(4, 3, padding="same", activation="tanh"),
                layers.UpSampling2D(2, interpolation="bilinear"),
                layers.DepthwiseConv2D(3, depth_multiplier=2, padding="valid"),
                layers.Cropping2D(((1, 0), (0, 1))),
                layers.Conv2DTranspose(3, 3, strides=2, padding="same", output_padding=1),
                layers.AveragePooling2D((3, 2), strides=2),
                layers.GlobalMaxPooling2D(),
                layers.Dense(3),
            ]
        )
    )


def three_axes(x):
    return compiled(
        Sequential(
            [
                Input((4, 4, 4, 1)),
                layers.ZeroPadding3D(1),
                layers.Conv3D(3, (2, 3, 2), activation="relu"),
                layers.MaxPooling3D(2),
                layers.UpSampling3D((1, 2, 1)),
                layers.Conv3DTranspose(2, 2, strides=2),
                layers.Cropping3D(((1, 0), (1, 1), (0, 1))),
                layers.AveragePooling3D((1, 2, 2), padding="same"),
                layers.Flatten(),
                layers.Dense(3),
            ]
        )
    )


def pooled(x):
    inputs = Input((4, 4, 4, 2), name="x")
    plane = layers.Reshape((8, 8, 2))(inputs)
    line = layers.Reshape((64, 2))(inputs)
    parts = [
        layers.GlobalAveragePooling3D()(inputs),
        layers.GlobalMaxPooling3D()(inputs),
        layers.GlobalAveragePooling2D()(plane),
        layers.Flatten()(layers.GlobalMaxPooling2D(keepdims=True)(plane)),
        layers.GlobalAveragePooling1D()(line),
        layers.GlobalMaxPooling1D()(line),
    ]
    return compiled(Model(inputs, layers.Dense(3)(layers.Concatenate()(parts)), name="pooled"))


def residual(x):
    inputs = Input((6, 5, 2), name="x")
    shared = layers.Conv2D(2, 3, padding="same", name="shared")
    first = layers.ReLU()(layers.BatchNormalization()(shared(inputs)))
    added = layers.Add()([inputs, shared(first)])
    inner = Sequential([Input((6, 5, 2)), layers.Conv2D(3, 1, use_bias=False), layers.MaxPooling2D()], name="inner")
    return compiled(Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling2D()(inner(added))), name="residual"))


def shaped(case, dims):
    return random(f"museum/{case}/x").standard_normal((8, *dims)).astype("float32")


def write(name, cases):
    group = Group(f"museum/{VERSION}/{name}")
    archive = zipfile.ZipFile(FOLDER / f"{name}.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9)
    with tempfile.TemporaryDirectory() as folder, archive:

        def files_of(model, case):
            names = []
            for end in [".keras", ".h5"]:
                path = pathlib.Path(folder) / f"{case}{end}"
                try:
                    model.save(path if not IS_2 else str(path))
                except Exception as error:
                    print(f"{case}{end}: {error}")
                    continue
                info = zipfile.ZipInfo(path.name, date_time=(1980, 1, 1, 0, 0, 0))
                archive.writestr(info, path.read_bytes(), zipfile.ZIP_DEFLATED)
                names.append(f"museum/{VERSION}/{name}.zip/{path.name}")
            return names

        museum.files_of = files_of
        for make, x in cases:
            try:
                museum.add(group, make, x)
            except Exception as error:
                print(f"{make.__name__}: {error}")
    group.write()


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    steps = shaped("steps", (5, 3))
    words = random("museum/words/x").randint(1, 9, (8, 5)).astype("int32")
    words[::2, 3:] = 0
    recurrent = [(make, steps) for make in [simple, lstm, gru, both_ways, each_step, states]]
    write("recurrent", [*recurrent, (word_steps, words)])
    plane = shaped("plane", (6, 5, 2))
    convolutional = [(one_axis, shaped("line", (6, 3))), (two_axes, plane), (residual, plane)]
    convolutional += [(three_axes, shaped("space", (4, 4, 4, 1))), (pooled, shaped("pooled", (4, 4, 4, 2)))]
    write("convolutional", convolutional)


if __name__ == "__main__":
    main()
