"""Half-trained models with many optimizers, in `fixtures/museum/VERSION/training_*`, made with the Keras that runs this script.

Set up like `museum.py`. Each case is one small model in a `.keras` and a `.h5` file after three steps, with `x`, `y`, `predictions`
and `continued`: the losses of the next ten steps in memory. The cases with `legacy_` use Keras 2's older optimizers.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from generate import settle

settle()

import numpy as np
import store
from store import Group, random

import keras
from keras import Input, Sequential, layers, optimizers

VERSION = keras.__version__
FOLDER = store.FIXTURES / "museum" / VERSION
IS_2 = VERSION.startswith("2.")

schedules = optimizers.schedules

CASES = {
    "sgd": lambda o: o.SGD(0.05),
    "momentum": lambda o: o.SGD(0.05, momentum=0.9),
    "nesterov_decay": lambda o: o.SGD(schedules.ExponentialDecay(0.05, 4, 0.5), momentum=0.8, nesterov=True),
    "adam_amsgrad": lambda o: o.Adam(0.01, amsgrad=True),
    "adam_clipnorm": lambda o: o.Adam(0.01, clipnorm=0.1),
    "adam_ema": lambda o: o.Adam(0.01, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=4),
    "adam_cosine": lambda o: o.Adam(schedules.CosineDecay(0.02, 20)),
    "adamw": lambda o: o.AdamW(0.01, weight_decay=0.01),
    "nadam": lambda o: o.Nadam(0.01),
    "adamax": lambda o: o.Adamax(0.01),
    "rmsprop": lambda o: o.RMSprop(0.01),
    "rmsprop_centered": lambda o: o.RMSprop(0.01, momentum=0.5, centered=True),
    "adagrad": lambda o: o.Adagrad(0.05),
    "adadelta": lambda o: o.Adadelta(1.0),
    "ftrl": lambda o: o.Ftrl(0.05, l1_regularization_strength=0.001),
    "lion": lambda o: o.Lion(0.001),
    "adafactor": lambda o: o.Adafactor(0.01),
    "lamb": lambda o: o.Lamb(0.01),
}

LEGACY = {
    "legacy_sgd": lambda o: o.SGD(0.05, momentum=0.9, nesterov=True),
    "legacy_sgd_decay": lambda o: o.SGD(0.05, decay=0.1),
    "legacy_adam": lambda o: o.Adam(0.01),
    "legacy_adam_decay": lambda o: o.Adam(0.01, decay=0.05),
    "legacy_rmsprop": lambda o: o.RMSprop(0.01),
    "legacy_adagrad": lambda o: o.Adagrad(0.05),
    "legacy_adamax": lambda o: o.Adamax(0.01),
}


def add(group, case, optimizer):
    keras.backend.clear_session()
    keras.utils.set_random_seed(1)
    r = random(f"museum_training/{case}")
    x = r.standard_normal((8, 4)).astype("float32")
    y = r.standard_normal((8, 3)).astype("float32")
    model = Sequential([Input((4,)), layers.Dense(5, activation="tanh"), layers.Dense(3)], name="half")
    model.compile(optimizer, "mse", metrics=["mae"])
    model.set_weights([r.uniform(-0.6, 0.6, w.shape).astype("float32") for w in model.get_weights()])
    model.fit(x, y, batch_size=8, epochs=3, shuffle=False, verbose=0)
    files = []
    for end in [".keras", ".h5"]:
        path = FOLDER / f"training_{case}{end}"
        try:
            model.save(path)
        except Exception as error:
            print(f"{case}{end}: {error}")
            path.unlink(missing_ok=True)
            continue
        files.append(f"museum/{VERSION}/{path.name}")
    predictions = model.predict(x, verbose=0)
    history = model.fit(x, y, batch_size=8, epochs=10, shuffle=False, verbose=0)
    group.add(case, dict(x=x, y=y, predictions=predictions), files=files, continued=history.history["loss"])


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    group = Group(f"museum/{VERSION}/training")
    cases = [(case, make, optimizers) for case, make in CASES.items()]
    if IS_2:
        cases += [(case, make, optimizers.legacy) for case, make in LEGACY.items()]
    for case, make, module in cases:
        try:
            optimizer = make(module)
        except AttributeError as error:
            print(f"{case}: {error}")
            continue
        add(group, case, optimizer)
    group.write()


main()
