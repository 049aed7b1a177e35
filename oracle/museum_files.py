"""Files of kinds that people publish (see `museum.py`), made with the Keras that runs this script.

    python museum_files.py make FOLDER     # Keras 2.15 or 3
    python museum_files.py pack FOLDER     # fixtures/museum_files.zip of what stands in FOLDER

Each case is `VERSION__CASE.keras` and `.h5`, each with an `.npz` of its inputs `x0`, … and predictions `y0`, ….
"""

import importlib.metadata
import os
import pathlib
import sys
import zipfile

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="", KERAS_BACKEND="tensorflow")

import numpy as np

RANDOM = np.random.RandomState(0)


def data(*shape):
    return RANDOM.standard_normal(shape).astype("float32")


def frozen_frames():
    x = K.Input((6, 6, 1))
    inner = K.Model(x, L.Dense(2)(L.Flatten()(L.BatchNormalization()(L.Conv2D(2, 3)(x)))))
    inner.trainable = False
    frames = K.Input((3, 6, 6, 1))
    return K.Model(frames, L.GRU(2)(L.TimeDistributed(inner)(frames))), [data(2, 3, 6, 6, 1)]


def slopes():
    old = {"alpha": 0.2} if not IS_3 else {"negative_slope": 0.2}
    threshold = L.ThresholdedReLU(0.3) if not IS_3 else L.ReLU(threshold=0.3)
    layers = [K.Input((4,)), L.Dense(6, activation=L.LeakyReLU(**old)), threshold, L.Dense(2)]
    return K.Sequential(layers), [data(3, 4)]


CASES = [frozen_frames, slopes]


def make(case, folder):
    model, inputs = case()
    for weight in model.weights:
        weight.assign(np.asarray(weight) + RANDOM.uniform(0.0, 0.2, weight.shape))
    x = inputs if len(inputs) > 1 else inputs[0]
    if getattr(model, "optimizer", None):
        model.train_on_batch(x, model.predict(x, verbose=0))
    arrays = {f"x{number}": value for number, value in enumerate(inputs)}
    arrays["y0"] = model.predict(x, verbose=0)
    for end in (".keras", ".h5"):
        path = folder / f"{VERSION}__{case.__name__}{end}"
        model.save(path)
        np.savez(f"{path}.npz", **arrays)


def pack(folder):
    target = pathlib.Path(__file__).resolve().parent / "fixtures" / "museum_files.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(folder.iterdir()):
            info = zipfile.ZipInfo(path.name, date_time=(1980, 1, 1, 0, 0, 0))
            archive.writestr(info, path.read_bytes(), zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    if sys.argv[1] == "pack":
        pack(pathlib.Path(sys.argv[2]))
    else:
        import tensorflow as tf

        VERSION = importlib.metadata.version("keras")
        IS_3 = VERSION.startswith("3")
        if IS_3:
            import keras as K

            VERSION = K.__version__
        else:
            K = tf.keras
        L = K.layers
        for case in CASES:
            make(case, pathlib.Path(sys.argv[2]))
