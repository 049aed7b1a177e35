"""Whole `.keras` files written by Keras, in `fixtures/models/NAME.keras`.

Compiled and trained a few steps, so that the optimizer has slots. `summary` (what `model.summary()` prints), `weights`
(`{path, shape, dtype, trainable}`), `optimizer_variables`, `members` (the zip's, with the HDF5 datasets of the weights
as `{key: shape}`, and null for the others). `continued`, where no layer is random: the losses of ten more epochs of one
batch, of the model as Keras loads it. Arrays: `x`, `y`, `predictions` (of `predict(x)`), `weight<i>`, `slot<i>`.

Keras stamps the date and addresses in memory into what it writes; the files here are rewritten with fixed dates
(`metadata.json`'s `date_saved`, the zip's) and small `shared_object_id`s, and are otherwise Keras' bytes.
"""

import io
import json
import re
import zipfile

import numpy as np

from groups.trajectories import halves, initial
from store import FIXTURES, Group, random, write_member


def fixed(path):
    """Rewrites a `.keras` file with fixed dates."""
    with zipfile.ZipFile(path) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members:
            if name == "metadata.json":
                content = json.loads(content)
                content["date_saved"] = "2000-01-01@00:00:00"
                content = json.dumps(content).encode()
            if name == "config.json":
                content = renumbered(content.decode()).encode()
            write_member(archive, name, content)
    return members


def renumbered(config):
    """`shared_object_id`s are addresses in memory: here 1, 2, 3 ... in the order they come."""
    numbers = {}
    number = lambda match: f'"shared_object_id": {numbers.setdefault(match[1], len(numbers) + 1)}'
    return re.sub(r'"shared_object_id": (\d+)', number, config)


def datasets(content):
    import h5py

    found = {}
    with h5py.File(io.BytesIO(content), "r") as file:
        file.visititems(lambda k, v: found.update({k: list(v.shape)}) if isinstance(v, h5py.Dataset) else None)
    return found


def train(model, case, x, y, steps=5):
    model.set_weights(
        [
            w.numpy() if "normalization/" in w.path and "batch" not in w.path else v
            for w, v in zip(model.weights, initial(random(f"models/{case}/weights"), model.weights))
        ]
    )
    for _ in range(steps):
        model.train_on_batch(x, y)


def add(group, case, make, x, y):
    import keras

    keras.backend.clear_session()
    keras.utils.set_random_seed(1)
    model = make(x)
    train(model, case, x, y)
    lines = []
    model.summary(print_fn=lambda line, line_break=False: lines.append(line))
    path = FIXTURES / "models" / f"{case}.keras"
    path.parent.mkdir(parents=True, exist_ok=True)
    model.save(path)
    members = fixed(path)
    predictions = model.predict(x, verbose=0)
    again = keras.models.load_model(path)
    assert np.array_equal(again.predict(x, verbose=0), predictions), case
    arrays = dict(x=x, y=y, predictions=predictions)
    random_layers = [layer for layer in again.layers if "dropout" in layer.name]
    more = lambda: again.fit(x, y, batch_size=len(x), epochs=10, shuffle=False, verbose=0).history["loss"]
    continued = {} if random_layers else dict(continued=more())
    arrays.update({f"weight{i}": w.numpy() for i, w in enumerate(model.weights)})
    optimizer = model.optimizer.variables if model.optimizer else []
    arrays.update({f"slot{i}": v.numpy() for i, v in enumerate(optimizer)})
    describe = lambda v: dict(path=v.path, shape=tuple(v.shape), dtype=str(v.dtype))
    group.add(
        case,
        arrays,
        file=f"models/{case}.keras",
        class_name=type(model).__name__,
        summary="\n".join(lines),
        weights=[describe(w) | dict(trainable=w.trainable) for w in model.weights],
        optimizer_variables=[describe(v) for v in optimizer],
        members={name: datasets(content) if name.endswith(".h5") else None for name, content in members},
        **continued,
    )


def generate():
    from keras import Input, Model, Sequential, layers
    from keras import losses as l
    from keras import optimizers as o

    group = Group("models")

    def dense(x):
        model = Sequential([Input((4,)), layers.Dense(10, activation="relu"), layers.Dense(3, activation="softmax")])
        model.compile(o.Adam(0.01), l.CategoricalCrossentropy(), metrics=["accuracy"], jit_compile=False)
        return model

    def normalized(x):
        scale = layers.Normalization()
        scale.adapt(x)
        model = Sequential(
            [
                Input((4,), name="measurements"),
                scale,
                layers.Dense(8, activation="relu"),
                layers.Dropout(0.2),
                layers.BatchNormalization(),
                layers.Dense(3),
            ],
            name="penguins",
        )
        loss = l.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=["accuracy"], jit_compile=False)
        return model

    def flat(x):
        model = Sequential(
            [
                Input((4, 3, 2)),
                layers.Flatten(),
                layers.Dense(6),
                layers.Activation("tanh"),
                layers.Dropout(0.25, seed=3),
                layers.Dense(1, activation="sigmoid", use_bias=False),
            ]
        )
        model.compile(o.SGD(0.05, momentum=0.9, nesterov=True), "binary_crossentropy", jit_compile=False)
        return model

    def functional(x):
        inputs = Input((4,), name="x")
        hidden = layers.Dense(6, activation="relu", name="hidden")(inputs)
        hidden = layers.BatchNormalization(name="norm")(hidden)
        hidden = layers.Dense(6, activation="gelu", name="twice")(hidden)
        model = Model(inputs, layers.Dense(2, name="out")(hidden), name="functional_one_input")
        model.compile(o.Adam(0.01, amsgrad=True), l.Huber(), metrics=["mae", "root_mean_squared_error"], jit_compile=False)
        return model

    def shared(x):
        inputs = Input((4,), name="x")
        twice = layers.Dense(4, activation="tanh", name="twice")
        model = Model(inputs, layers.Dense(2, name="out")(twice(twice(inputs))), name="shared")
        model.compile(o.Adam(0.01), "mse", jit_compile=False)
        return model

    def frozen(x):
        model = Sequential([Input((4,)), layers.Dense(5, activation="relu"), layers.BatchNormalization(), layers.Dense(2)])
        model.layers[0].trainable = False
        model.layers[1].trainable = False
        model.compile(o.Adam(0.01), "mse", jit_compile=False)
        return model

    def two_steps(x):
        # Named and unnamed layers mixed: the HDF5 groups are named by class and count, never by the layer's name.
        model = Sequential([layers.Dense(5, name="b"), layers.Dense(4), layers.Dense(3, name="a"), layers.Dense(2)])
        model.build((None, 4))
        model.compile("rmsprop", "mse", jit_compile=False)
        return model

    r = random("models/data")
    x = r.standard_normal((12, 4)).astype("float32")
    labels = r.randint(0, 3, 12)
    wide = (r.standard_normal((12, 4)) * [5, 2, 14, 800] + [44, 17, 200, 4200]).astype("float32")
    images = r.standard_normal((12, 4, 3, 2)).astype("float32")
    targets = r.standard_normal((12, 2)).astype("float32")
    add(group, "sequential_dense", dense, x, np.eye(3, dtype="float32")[labels])
    add(group, "sequential_normalization", normalized, wide, labels.astype("int32"))
    add(group, "sequential_flatten", flat, images, halves(r, 12)[1])
    add(group, "functional_one_input", functional, x, targets)
    add(group, "functional_shared", shared, x, targets)
    add(group, "sequential_frozen", frozen, x, targets)
    add(group, "sequential_without_input", two_steps, x, targets)
    group.write()
    size = sum(p.stat().st_size for p in (FIXTURES / "models").glob("*.keras"))
    print(f"models/*.keras: {size:,} bytes")
