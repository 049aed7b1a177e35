"""Keras: `KERAS_BACKEND=tensorflow|jax python keras_peer.py WORK`."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np

from common import PRODUCTS, main, rates, report, seconds

BACKEND = os.environ["KERAS_BACKEND"]
PEER = {"tensorflow": "Keras/TF", "jax": "Keras/JAX"}[BACKEND]
numbers = np.random.default_rng(7)


def normal(*shape):
    return numbers.standard_normal(shape, dtype=np.float32)


def penguins():
    from keras import Sequential, layers

    return Sequential([layers.Input((4,)), layers.Dense(10, activation="relu"), layers.Dense(3, activation="softmax")])


def w1():
    x, y = normal(273, 4), np.arange(273, dtype=np.int32) % 3

    def run():
        model = penguins()
        model.compile(loss="sparse_categorical_crossentropy", optimizer="adam")
        model.fit(x, y, epochs=100, verbose=0)

    report(PEER, "W1", "s", seconds(run, 3))


def w2():
    from keras import Sequential, layers

    x, y, val = normal(767, 89), normal(767, 1), (normal(165, 89), normal(165, 1))

    def run():
        model = Sequential([layers.Input((89,)), layers.BatchNormalization(), layers.Dense(100, activation="relu")])
        model.add(layers.Dense(50, activation="relu"))
        model.add(layers.Dense(1))
        model.compile(loss="mse", optimizer="adam")
        model.fit(x, y, epochs=200, validation_data=val, verbose=0)

    report(PEER, "W2", "s", seconds(run, 2))


def pictures(count, side):
    return numbers.random((count, side, side, 3), dtype=np.float32)


def epochs(model, x, classes, batch, repeats):
    """Epochs of training, after one that compiles."""
    y = np.arange(len(x), dtype=np.int32) % classes
    run = lambda: model.fit(x, y, batch_size=batch, verbose=0)
    run()
    return seconds(run, repeats)


def w3():
    import keras
    from keras import layers

    convolution = lambda: layers.Conv2D(50, 3, activation="relu")
    body = [convolution(), layers.MaxPooling2D(), convolution(), layers.MaxPooling2D(), layers.Flatten()]
    model = keras.Sequential([layers.Input((64, 64, 3)), *body, layers.Dense(50, activation="relu"), layers.Dense(10)])
    model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), optimizer="adam")
    report(PEER, "W3", "s", epochs(model, pictures(878, 64), 10, 32, 5))


def w4():
    import keras

    model = keras.applications.DenseNet121(include_top=False, weights=None, input_shape=(160, 160, 3))
    x = pictures(64, 160)
    run = lambda: model.predict(x, batch_size=32, verbose=0)
    run()
    report(PEER, "W4", "images/s", [64 / time for time in seconds(run, 5)])


def w5():
    import keras

    model = keras.applications.ResNet50(weights=None, classes=1000)
    model.compile(loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.SGD(0.01, momentum=0.9))
    times = epochs(model, pictures(16, 224), 1000, 16, 2)
    report(PEER, "W5", "images/s", [16 / time for time in times])


def row():
    model, x = penguins(), normal(1, 4)
    model.compile()
    run = lambda: model.predict_on_batch(x)
    seconds(run, 100)
    report(PEER, "row", "s", seconds(run, 1000))


def save():
    penguins().save(os.environ["MODEL"])


def start():
    """Is timed from outside: load a file, predict a row, end."""
    import keras

    keras.models.load_model(os.environ["MODEL"]).predict(normal(1, 4), verbose=0)


def jitted(function):
    """The function compiled, on the backend's own tensors."""
    if BACKEND == "jax":
        import jax

        compiled = jax.jit(function)
        return jax.numpy.asarray, lambda *x: jax.block_until_ready(compiled(*x))
    import tensorflow as tf

    return tf.constant, tf.function(function)


def mm():
    put, product = jitted(lambda a, b: a @ b)
    for name, m, k, n in PRODUCTS:
        a, b = put(normal(m, k)), put(normal(k, n))
        report(PEER, f"mm {name}", "GFLOP/s", rates(lambda: product(a, b), 2 * m * k * n, 5))


def dense():
    """A dense layer's product and both gradients."""
    transposed = (lambda a: a.T) if BACKEND == "jax" else __import__("tensorflow").transpose
    put, layer = jitted(lambda x, w, g: (x @ w, g @ transposed(w), transposed(x) @ g))
    x, w, g = put(normal(4096, 256)), put(normal(256, 1024)), put(normal(4096, 1024))
    report(PEER, "dense", "GFLOP/s", rates(lambda: layer(x, w, g), 6 * 4096 * 256 * 1024, 5))


main(dict(w1=w1, w2=w2, w3=w3, w4=w4, w5=w5, row=row, save=save, start=start, mm=mm, dense=dense))
