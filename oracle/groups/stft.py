"""The initializer STFT: `config` (serialized) and its `values`."""

from store import Group

WINDOWS = ["barthann", "bartlett", "blackman", "blackmanharris", "bohman", "boxcar", "cosine", "flattop", "hamming", "hann"]


def generate():
    import keras
    from keras.initializers import STFT

    group = Group("stft")

    def add(case, initializer, shape):
        config = keras.saving.serialize_keras_object(initializer)
        group.add(case, dict(values=initializer(shape, "float32").numpy()), config=config)

    for window in WINDOWS + ["lanczos", "nuttall"]:
        add(f"{window}_periodic", STFT("real", window, "density", True), (8, 1, 5))
        add(window, STFT("imag", window, "spectrum", False), (9, 1, 6))
    add("default", STFT(), (16, 1, 9))
    add("no_window", STFT("imag", None), (6, 1, 5))
    add("no_scaling", STFT("real", "hann", None), (7, 1, 3))
    add("own_window", STFT("real", [1.0, -2.0, 0.5, 3.0], "spectrum"), (4, 1, 4))
    group.write()
