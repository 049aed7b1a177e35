"""More of the museum (see `museum.py`): the kinds of models that people publish, in `kinds.json` and `kinds.npz` of a version.

    k215/bin/python oracle/museum_kinds.py; k30/bin/python oracle/museum_kinds.py
"""

import numpy as np
from museum import FOLDER, IS_2, VERSION, add
from store import Group

import keras
from keras import Input, Model, Sequential, layers, optimizers


def compiled(model):
    model.compile(optimizers.Adam(0.01), "mse")
    return model


def head(x, y):
    return compiled(Model(x, layers.Dense(3)(layers.Flatten()(y))))


def steps(x, count, features):
    return layers.Reshape((count, features))(layers.Dense(count * features)(x))


def encoder_decoder(_):
    x = Input((4,), name="x")
    _, hidden, memory = layers.LSTM(3, return_state=True)(steps(x, 3, 2))
    y = layers.LSTM(3, return_sequences=True)(steps(x, 2, 2), initial_state=[hidden, memory])
    _, state = layers.GRU(2, return_state=True)(y)
    y = layers.GRU(2, return_sequences=True)(y, initial_state=state)
    y = layers.SimpleRNN(3, return_sequences=True)(y, initial_state=[hidden])
    return head(x, y)


def both_directions(_):
    x = Input((4,), name="x")
    outputs = layers.Bidirectional(layers.LSTM(2, return_state=True))(steps(x, 3, 2))
    y = layers.Bidirectional(layers.LSTM(2, return_sequences=True))(steps(x, 2, 2), initial_state=outputs[1:])
    return head(x, layers.Concatenate()([layers.Flatten()(y), outputs[0]]))


def cells(_):
    x = Input((4,), name="x")
    y = layers.RNN([layers.LSTMCell(3), layers.GRUCell(2)], return_sequences=True)(steps(x, 3, 2))
    return head(x, layers.RNN(layers.SimpleRNNCell(3))(y))


def pictures_in_time(_):
    x = Input((4,), name="x")
    y = layers.Reshape((3, 4, 5, 1))(layers.Dense(60)(x))
    y = layers.ConvLSTM2D(2, 3, padding="same", return_sequences=True)(y)
    y = layers.BatchNormalization()(y)
    y = layers.ConvLSTM2D(2, (2, 3), strides=(1, 2), activation="relu")(y)
    z = layers.ConvLSTM1D(2, 2, padding="same")(layers.Reshape((3, 4, 5))(layers.Dense(60)(x)))
    return head(x, layers.Concatenate()([layers.Flatten()(y), layers.Flatten()(z)]))


def model_in_steps(_):
    x = Input((4,), name="x")
    inner = Sequential(
        [
            Input((4, 4, 1)),
            layers.Conv2D(2, 3, activation="relu"),
            # In Keras 2 its statistics are those of all steps together, in Keras 3 of each by itself.
            layers.LayerNormalization() if IS_2 else layers.BatchNormalization(),
            layers.GlobalMaxPooling2D(),
        ],
        name="inner",
    )
    y = layers.Reshape((2, 4, 4, 1))(layers.Dense(32)(x))
    y = layers.TimeDistributed(inner)(y)
    return head(x, layers.GRU(2)(y))


def caffe_means(_):
    x = Input((4,), name="x")
    y = layers.Reshape((4, 4, 3))(layers.Dense(48)(x))
    y = keras.applications.vgg16.preprocess_input(y)
    return head(x, layers.Conv2D(2, 3)(y))


def adapted_first(x):
    scale = layers.Normalization(axis=-1)
    scale.adapt(np.asarray(x))
    model = compiled(Sequential([scale, layers.Dense(5, activation="relu"), layers.Dense(3)]))
    model.build((None, 4))
    return model


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    group = Group(f"museum/{VERSION}/kinds")
    for make in [encoder_decoder, both_directions, cells, pictures_in_time, model_in_steps, caffe_means, adapted_first]:
        try:
            add(group, make)
        except (TypeError, IndexError, NotImplementedError) as error:
            # The early versions of Keras 3 have gaps around states and models in wrappers.
            print(f"{make.__name__}: {error}")
    group.write()


if __name__ == "__main__":
    main()
