"""Layers that resize pictures, and those that vary them as they are in `evaluate` and `predict`. The format is that of `layers`."""

from groups import layers as plain
from store import Group, random

SAME = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")


def generate():
    group = Group("image_layers")
    for part in (resizing, whole_numbers, aspect, center_crop, passed_on):
        part(group)
    group.write()


def in_float32(layer, xs, *rest):
    """What `groups.layers.call` gives, always in float32: TensorFlow knows no other gradient of antialiasing and Lanczos."""
    import tensorflow as tf

    config = layer.get_config()
    config["dtype"] = "float32"
    return eager(type(layer).from_config(config), [tf.cast(x, "float32") for x in xs], *rest)


eager = plain.call


def pixels(case, shape, dtype="uint8", high=256):
    return random(f"image_layers/{case}/pixels").randint(0, high, shape).astype(dtype)


def resizing(group):
    from keras.layers import Resizing

    sizes = {"smaller": ((7, 8), (3, 5)), "larger": ((3, 4), (7, 5)), "mixed": ((6, 3), (4, 7))}
    for interpolation in SAME:
        for case, ((height, width), to) in sizes.items():
            for antialias in (False, True):
                name = f"resizing_{interpolation}_{case}" + ("_antialias" if antialias else "")
                make = lambda: Resizing(*to, interpolation=interpolation, antialias=antialias)
                plain.call = in_float32 if antialias or "lanczos" in interpolation else eager
                plain.add(group, name, make, [(2, height, width, 3)])
    plain.call = eager
    first = lambda: Resizing(3, 9, data_format="channels_first")
    plain.add(group, "resizing_first", first, [(2, 3, 5, 4)])
    plain.add(group, "resizing_nothing", lambda: Resizing(3, 4, interpolation="bicubic"), [(2, 3, 4, 2)])
    plain.add(group, "resizing_one_pixel", lambda: Resizing(2, 3), [(1, 1, 1, 2)])
    plain.add(group, "resizing_to_one_pixel", lambda: Resizing(1, 1), [(1, 5, 4, 2)])


def whole_numbers(group):
    from keras.layers import Resizing

    for interpolation in SAME:
        make = lambda: Resizing(5, 3, interpolation=interpolation, antialias=interpolation == "lanczos3")
        given = [pixels(interpolation, (2, 4, 7, 3))]
        plain.add(group, f"resizing_uint8_{interpolation}", make, None, given=given, differentiable=False)
    large = [pixels("int32", (1, 4, 3, 1), "int32", 2**20)]
    plain.add(group, "resizing_int32", lambda: Resizing(8, 6), None, given=large, differentiable=False)
    large = [pixels("int32_nearest", (1, 4, 3, 1), "int32", 2**31 - 1)]
    make = lambda: Resizing(3, 5, interpolation="nearest")
    plain.add(group, "resizing_int32_nearest", make, None, given=large, differentiable=False)


def aspect(group):
    from keras.layers import Resizing

    shapes = {"wide": ((5, 9), (4, 4)), "high": ((9, 4), (3, 5)), "odd": ((6, 7), (5, 5)), "thin": ((2, 11), (7, 3))}
    for case, ((height, width), to) in shapes.items():
        crop = lambda: Resizing(*to, crop_to_aspect_ratio=True)
        plain.add(group, f"resizing_crop_{case}", crop, [(2, height, width, 2)])
        pad = lambda: Resizing(*to, pad_to_aspect_ratio=True, fill_value=0.75)
        plain.add(group, f"resizing_pad_{case}", pad, [(2, height, width, 2)])
    first = lambda: Resizing(4, 4, pad_to_aspect_ratio=True, interpolation="nearest", data_format="channels_first")
    plain.add(group, "resizing_pad_first", first, [(1, 2, 3, 7)])
    first = lambda: Resizing(4, 4, crop_to_aspect_ratio=True, interpolation="bicubic", data_format="channels_first")
    plain.add(group, "resizing_crop_first", first, [(1, 2, 3, 7)])
    given = [pixels("crop", (1, 5, 9, 3))]
    crop = lambda: Resizing(4, 4, crop_to_aspect_ratio=True)
    plain.add(group, "resizing_crop_uint8", crop, None, given=given, differentiable=False)


def center_crop(group):
    from keras.layers import CenterCrop

    shapes = {"even": ((6, 8), (2, 4)), "odd": ((7, 8), (4, 5)), "whole": ((3, 4), (3, 4))}
    shapes |= {"smaller": ((3, 4), (6, 5)), "lower": ((3, 9), (5, 4)), "narrower": ((9, 3), (4, 5))}
    for case, ((height, width), to) in shapes.items():
        plain.add(group, f"center_crop_{case}", lambda: CenterCrop(*to), [(2, height, width, 2)])
    first = lambda: CenterCrop(3, 4, data_format="channels_first")
    plain.add(group, "center_crop_first", first, [(2, 3, 5, 7)])
    given = [pixels("center_crop", (1, 5, 9, 3))]
    plain.add(group, "center_crop_uint8", lambda: CenterCrop(2, 2), None, given=given, differentiable=False)


def passed_on(group):
    from keras import layers

    makes = {
        "random_flip": lambda: layers.RandomFlip(),
        "random_flip_config": lambda: layers.RandomFlip("vertical", seed=3, data_format="channels_first", dtype="float32"),
        "random_rotation": lambda: layers.RandomRotation(0.2),
        "random_rotation_config": lambda: layers.RandomRotation(
            (0.3, -0.1), fill_mode="wrap", interpolation="nearest", fill_value=2.0, seed=1
        ),
        "random_translation": lambda: layers.RandomTranslation(0.1, 0.2),
        "random_translation_config": lambda: layers.RandomTranslation(
            (-0.1, 0.2), (0.4, 0.3), fill_mode="constant", interpolation="nearest", fill_value=0.5, seed=9
        ),
        "random_zoom": lambda: layers.RandomZoom(0.2),
        "random_zoom_config": lambda: layers.RandomZoom((-0.1, 0.2), 0.3, fill_mode="nearest", data_format="channels_first"),
        "random_contrast": lambda: layers.RandomContrast(0.2),
        "random_contrast_config": lambda: layers.RandomContrast((0.3, 0.2), value_range=(0, 1), seed=5),
        "random_brightness": lambda: layers.RandomBrightness(0.2),
        "random_brightness_config": lambda: layers.RandomBrightness((0.2, -0.1), value_range=[-1, 1], seed=4),
    }
    for case, make in makes.items():
        plain.add(group, case, make, [(2, 3, 4, 2)])
        given = [pixels(case, (2, 3, 4, 2))]
        plain.add(group, case + "_uint8", make, None, given=given, differentiable=False)
    # Keras passes pictures of another size on; the size is the target's here.
    plain.add(group, "random_crop", lambda: layers.RandomCrop(3, 4, seed=3), [(2, 3, 4, 2)])
    make = lambda: layers.RandomCrop(3, 4, seed=3, data_format="channels_first", name="crop")
    plain.add(group, "random_crop_config", make, [(2, 1, 3, 4)])
