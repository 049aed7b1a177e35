"""Files of old and new Keras, in `fixtures/museum/VERSION/`, made with the Keras that runs this script.

    python -m venv k215 && k215/bin/pip install tensorflow-cpu==2.15.1 'numpy<2'      # Keras 2.15
    python -m venv k30 && k30/bin/pip install tensorflow-cpu==2.16.2 keras==3.0.5      # any Keras 3
    k215/bin/python oracle/museum.py; k30/bin/python oracle/museum.py

Keras 3.3 wants an `optree` of its time (0.11): with a later one, calls of layers that take states or several inputs are given nothing.

One folder a version: `VERSION.json` and `VERSION.npz` as in the other groups, the files beside them. Each case is one model in all
the kinds of file that this Keras writes (`files`), with `x`, `y`, `predictions` (of `predict(x)`) and, where no layer is random,
`continued`: the losses of ten more epochs of one batch. A case that the version cannot make is left out.

Whoever adds a layer to ceras adds a case, here or in a script beside this one (`museum_layers.py`), and runs every version.
"""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from generate import settle

settle()

import numpy as np
import store
from store import Group, random

import keras
from keras import Input, Model, Sequential, layers, optimizers

VERSION = keras.__version__
FOLDER = store.FIXTURES / "museum" / VERSION
IS_2 = VERSION.startswith("2.")


def sequential(x):
    model = Sequential(
        [
            Input((4,), name="features"),
            layers.Dense(6, activation="relu", kernel_regularizer="l2"),
            layers.BatchNormalization(momentum=0.9),
            layers.Activation("tanh"),
            layers.Dense(3, activation="softmax", kernel_initializer="he_normal"),
        ],
        name="museum",
    )
    model.compile(optimizers.Adam(0.01), "categorical_crossentropy", metrics=["accuracy"])
    return model


def without_input(x):
    model = Sequential([layers.Dense(5, activation="elu"), layers.Dense(3)])
    model.build((None, 4))
    model.compile(optimizers.SGD(0.05, momentum=0.9, nesterov=True), "mse", metrics=["mae"])
    return model


def functional(x):
    inputs = Input((4,), name="x")
    twice = layers.Dense(4, activation="tanh", name="twice")
    inner_inputs = Input((4,))
    inner = Model(inner_inputs, layers.Dense(5, activation="relu")(layers.BatchNormalization()(inner_inputs)), name="inner")
    stack = Sequential([layers.Dense(4, name="in_stack")], name="stack")
    hidden = stack(inner(twice(twice(inputs))))
    model = Model(inputs, layers.Dense(3, name="out")(hidden), name="graph")
    model.compile(optimizers.RMSprop(0.01), "huber" if not IS_2 else keras.losses.Huber())
    return model


def two_outputs(x):
    inputs = Input((4,), name="x")
    hidden = layers.Dropout(0.2)(layers.Dense(6, activation="relu")(inputs))
    first = layers.Dense(3, name="first")(hidden)
    second = layers.Dense(1, activation="sigmoid", name="second")(layers.Flatten()(hidden))
    model = Model(inputs, [first, second])
    model.compile("adam", ["mse", "binary_crossentropy"], loss_weights=[1.0, 0.5], metrics=[["mae"], ["accuracy"]])
    return model


def frozen(x):
    base = Sequential([Input((4,)), layers.Dense(5, activation="relu"), layers.BatchNormalization()], name="base")
    base.trainable = False
    model = Sequential([Input((4,)), base, layers.Dense(3)])
    model.compile(optimizers.Adam(0.01), "mse")
    return model


def normalized(x):
    scale = layers.Normalization()
    scale.adapt(x)
    model = Sequential([Input((4,)), scale, layers.Dense(3)])
    model.compile(optimizers.Adam(0.01), "mse")
    return model


def files_of(model, case):
    names = []
    for end, save in [(".keras", model.save), (".h5", model.save), (".weights.h5", model.save_weights)]:
        path = FOLDER / f"{case}{end}"
        if end == ".h5" and VERSION.startswith("3.0") and any("attention" in layer.name for layer in model.layers):
            # Keras 3.0 gives all projections of an attention layer one name here, and so keeps the last one's weights only.
            continue
        try:
            save(path)
        except Exception as error:
            print(f"{case}{end}: {error}")
            path.unlink(missing_ok=True)
            continue
        names.append(f"museum/{VERSION}/{path.name}")
    return names


def start(r, model, variable, value):
    """Where a weight starts; what was adapted stays, since the layer has copies of it."""
    adapted = [w for layer in model.layers if type(layer).__name__ == "Normalization" for w in layer.weights]
    if any(variable is w for w in adapted):
        return value
    low, high = (0.05, 0.95) if "variance" in variable.name else (-0.6, 0.6)
    return r.uniform(low, high, value.shape).astype(value.dtype)


def add(group, make, x=None):
    case = make.__name__
    keras.backend.clear_session()
    keras.utils.set_random_seed(1)
    r = random(f"museum/{case}")
    x = r.standard_normal((8, 4)).astype("float32") if x is None else x
    y = np.eye(3, dtype="float32")[r.randint(0, 3, 8)]
    model = make(x)
    single = len(model.outputs) == 1
    targets = y if single else [y, y[:, :1]]
    model.set_weights([start(r, model, v, w) for v, w in zip(model.weights, model.get_weights())])
    model.fit(x, targets, batch_size=8, epochs=3, shuffle=False, verbose=0)
    files = files_of(model, case)
    predictions = model.predict(x, verbose=0)
    arrays = dict(x=x, y=y)
    arrays.update(dict(predictions=predictions) if single else {f"predictions{i}": p for i, p in enumerate(predictions)})
    continued = {}
    vary = ("dropout", "noise", "random")
    if getattr(make, "continues", True) and not any(word in layer.name for layer in model.layers for word in vary):
        history = model.fit(x, targets, batch_size=8, epochs=10, shuffle=False, verbose=0)
        continued = dict(continued=history.history["loss"])
    group.add(case, arrays, files=files, **continued)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    group = Group(f"museum/{VERSION}/{VERSION}")
    for make in [sequential, without_input, functional, two_outputs, frozen, normalized]:
        add(group, make)
    group.write()


if __name__ == "__main__":
    main()
