"""What the layers that vary pictures make of given random numbers.

`config`, the whole `keras.saving.serialize_keras_object(layer)`; `ranges`, the `[minval, maxval]` that the layer asked its
generator for, in order.

Arrays: `input0`; `draw<i>`, the numbers it was given instead (one a picture, or one for the batch); `output0` of the call with
`training=True`; `cotangent0`, and `grad_input0` but where pictures are turned, shifted or stretched: there TensorFlow transforms the
cotangent by the inverse, which is not the gradient.
"""

import numpy as np

from store import Group, random

SHAPE = (4, 5, 7, 2)
FILLS = ("reflect", "wrap", "constant", "nearest")


def generate():
    group = Group("image_transforms")
    for part in (flips, rotations, translations, zooms, crops, values):
        part(group)
    group.write()


def add(group, case, make, shape=SHAPE, shares=None, low=-2, high=2):
    """Adds a case. `shares` says for each number that is drawn where in its range it lies, from 0 to 1; else it is random."""
    import keras
    import tensorflow as tf

    keras.backend.clear_session()
    layer = make()
    r = random("image_transforms/" + case)
    x = r.uniform(low, high, shape).astype("float32")
    ranges, draws = [], []

    def uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
        share = r.uniform(size=tuple(shape)) if shares is None else np.reshape(shares[len(draws)], tuple(shape))
        draw = (minval + (maxval - minval) * share).astype("float32")
        ranges.append([float(minval), float(maxval)])
        draws.append(draw)
        return tf.constant(draw)

    generator = layer.backend.random
    kept, generator.uniform = generator.uniform, uniform
    try:
        with tf.GradientTape() as tape:
            images = tf.constant(x)
            tape.watch(images)
            out = layer(images, training=True)
    finally:
        generator.uniform = kept
    cotangent = random(f"image_transforms/{case}/cotangent").standard_normal(tuple(out.shape)).astype("float32")
    arrays = {"input0": x, "output0": out.numpy(), "cotangent0": cotangent}
    if not case.startswith(("rotation", "translation", "zoom")):
        arrays["grad_input0"] = tape.gradient(out, images, output_gradients=tf.constant(cotangent)).numpy()
    arrays |= {f"draw{i}": draw.reshape(-1) for i, draw in enumerate(draws)}
    group.add(case, arrays, config=keras.saving.serialize_keras_object(layer), ranges=ranges)


def flips(group):
    from keras.layers import RandomFlip

    some = [[0.2, 0.7, 0.5, 0.9]]
    for mode in ("horizontal", "vertical", "horizontal_and_vertical"):
        add(group, f"flip_{mode}", lambda: RandomFlip(mode), shares=some)
    add(group, "flip_first", lambda: RandomFlip("vertical", data_format="channels_first"), (4, 2, 3, 5), shares=some)


def each_sampling(group, case, layer, shares, *arguments):
    for fill in FILLS:
        for interpolation in ("bilinear", "nearest"):
            make = lambda: layer(*arguments, fill_mode=fill, interpolation=interpolation, fill_value=0.75)
            add(group, f"{case}_{fill}_{interpolation}", make, shares=shares)


def rotations(group):
    from keras.layers import RandomRotation

    each_sampling(group, "rotation", RandomRotation, [[0.0, 0.31, 0.66, 1.0]], 0.4)
    add(group, "rotation_range", lambda: RandomRotation((-0.1, 0.7)))
    make = lambda: RandomRotation(0.2, data_format="channels_first", fill_mode="constant")
    add(group, "rotation_first", make, (2, 3, 6, 5))
    add(group, "rotation_none", lambda: RandomRotation(0.0), (2, 3, 4, 1))
    add(group, "rotation_thin", lambda: RandomRotation(0.3), (2, 1, 6, 1))


def translations(group):
    from keras.layers import RandomTranslation

    shares = [[0.0, 0.37, 0.62, 1.0], [0.93, 0.03, 0.71, 0.49]]
    each_sampling(group, "translation", RandomTranslation, shares, 0.83, 1.0)
    add(group, "translation_range", lambda: RandomTranslation((0.1, 0.4), (-0.3, 0.05)))
    make = lambda: RandomTranslation(0.2, 0.3, data_format="channels_first", fill_mode="nearest")
    add(group, "translation_first", make, (2, 3, 6, 5))


def zooms(group):
    from keras.layers import RandomZoom

    each_sampling(group, "zoom", RandomZoom, [[0.05, 0.43, 0.71, 1.0]], 0.9)
    each_sampling(group, "zoom_both", RandomZoom, [[0.05, 0.43, 0.71, 1.0], [0.9, 0.1, 0.6, 0.3]], 0.9, (-0.5, 0.3))
    make = lambda: RandomZoom((0.1, 0.3), data_format="channels_first", fill_mode="constant")
    add(group, "zoom_first", make, (2, 3, 6, 5))


def crops(group):
    from keras.layers import RandomCrop

    add(group, "crop", lambda: RandomCrop(3, 2, seed=1), shares=[0.7, 0.25])
    add(group, "crop_first_place", lambda: RandomCrop(3, 2, seed=1), shares=[0.0, 0.0])
    add(group, "crop_last_place", lambda: RandomCrop(3, 2, seed=1), shares=[0.9999, 0.9999])
    add(group, "crop_channels_first", lambda: RandomCrop(3, 2, seed=1, data_format="channels_first"), (2, 3, 6, 5))
    add(group, "crop_as_high", lambda: RandomCrop(5, 3, seed=1))
    add(group, "crop_larger", lambda: RandomCrop(7, 9, seed=1))
    add(group, "crop_lower", lambda: RandomCrop(6, 4, seed=1))


def values(group):
    from keras.layers import RandomBrightness, RandomContrast

    pictures = dict(low=0, high=255)
    add(group, "contrast", lambda: RandomContrast(0.9), **pictures)
    add(group, "contrast_range", lambda: RandomContrast((0.8, 0.9)), **pictures)
    make = lambda: RandomContrast((0.5, 0.9), value_range=(-1, 1), data_format="channels_first")
    add(group, "contrast_first", make, (2, 3, 6, 5))
    add(group, "brightness", lambda: RandomBrightness(0.7), **pictures)
    add(group, "brightness_range", lambda: RandomBrightness((-0.9, 0.2), value_range=(-1, 1)))
    add(group, "brightness_first", lambda: RandomBrightness(0.5, data_format="channels_first"), (2, 3, 6, 5))
