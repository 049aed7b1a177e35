"""Files of other forms that Keras writes: weights in several parts."""

import numpy as np
import store
from store import Group, random


def generate():
    import keras
    from keras import Input, Sequential, layers

    group = Group("files")
    keras.utils.set_random_seed(1)
    r = random("files/sharded")
    model = Sequential([Input((4,)), layers.Dense(16, activation="relu"), layers.Dense(16), layers.BatchNormalization(), layers.Dense(3)], name="parts")
    model.compile(keras.optimizers.Adam(0.01), "mse")
    model.set_weights([r.uniform(0.1, 0.6, w.shape).astype("float32") for w in model.get_weights()])
    x = r.standard_normal((8, 4)).astype("float32")
    model.fit(x, np.zeros((8, 3), "float32"), epochs=1, verbose=0)
    folder = store.FIXTURES / "files"
    folder.mkdir(exist_ok=True)
    model.save(folder / "sharded.keras")
    model.save_weights(folder / "sharded.weights.json", max_shard_size=1200 / 1024**3)
    group.add("sharded", dict(x=x, predictions=model.predict(x, verbose=0)), model="files/sharded.keras", weights="files/sharded.weights.json")
    group.write()
