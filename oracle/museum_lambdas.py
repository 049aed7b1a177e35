"""Models with `Lambda` layers, in `fixtures/museum/VERSION/lambda_*`, made with the Keras that runs this script.

Set up like `museum.py`. Each case is one model in a `.keras` and a `.h5` file, with `x`, `predictions` and the classes that stand in
for the lambdas (`layers`).
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from generate import settle

settle()

import numpy as np
import store
from store import Group, random
import tensorflow as tf

import keras
from keras import Input, Model, Sequential, layers

VERSION = keras.__version__
FOLDER = store.FIXTURES / "museum" / VERSION


def shifted(x):
    return x / 127.5 - 1


CASES = {
    "relu": ((4,), lambda: [layers.Lambda(lambda x: tf.nn.relu(x)), layers.Dense(3)], ["Activation"]),
    "rescale": ((4,), lambda: [layers.Lambda(lambda x: x / 255.0, name="scale"), layers.Dense(3)], ["Rescaling"]),
    "affine": ((4,), lambda: [layers.Lambda(lambda x: 2 * x - 1), layers.Lambda(lambda t: -t), layers.Dense(3)], ["Rescaling"]),
    "function": ((4,), lambda: [layers.Lambda(tf.nn.relu), layers.Dense(3)], ["Activation"]),
    "normalize": ((4,), lambda: [layers.Dense(3), layers.Lambda(lambda x: tf.math.l2_normalize(x, axis=1))], ["UnitNormalization"]),
    "resize": ((6, 4, 1), lambda: [layers.Lambda(lambda x: tf.image.resize(x, (3, 8))), layers.Flatten(), layers.Dense(3)], ["Resizing"]),
    "pool": ((6, 4, 2), lambda: [layers.Lambda(lambda x: tf.reduce_mean(x, axis=[1, 2])), layers.Dense(3)], ["GlobalAveragePooling2D"]),
}


def add(group, case, shape, make, classes):
    keras.backend.clear_session()
    r = random(f"museum_lambdas/{case}")
    x = r.uniform(-2, 200, (5, *shape)).astype("float32")
    made = make()
    for layer in made:
        # The code holds the path of this file, which differs from machine to machine.
        if isinstance(layer, layers.Lambda) and layer.function.__name__ == "<lambda>":
            layer.function.__code__ = layer.function.__code__.replace(co_filename="museum_lambdas.py")
    model = Sequential([Input(shape), *made], name="with_lambda")
    model.set_weights([r.uniform(-0.6, 0.6, w.shape).astype("float32") for w in model.get_weights()])
    files = []
    for end in [".keras", ".h5"]:
        path = FOLDER / f"lambda_{case}{end}"
        model.save(path)
        files.append(f"museum/{VERSION}/{path.name}")
    group.add(case, dict(x=x, predictions=model.predict(x, verbose=0)), files=files, layers=classes)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    group = Group(f"museum/{VERSION}/lambdas")
    for case, (shape, make, classes) in CASES.items():
        # Keras 2 writes the code of a library's function, and with it the path of the library.
        if case == "function" and VERSION.startswith("2."):
            continue
        add(group, case, shape, make, classes)
    group.write()


main()
