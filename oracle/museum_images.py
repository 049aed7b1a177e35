"""More of the museum (see `museum.py`): layers that resize and vary pictures, in `images.json` and `images.npz` of a version.

    k215/bin/python oracle/museum_images.py; k30/bin/python oracle/museum_images.py
"""

from museum import FOLDER, VERSION, add
from store import Group

from keras import Input, Sequential, layers, optimizers


def compiled(stack):
    model = Sequential([Input((4,)), layers.Reshape((2, 2, 1)), *stack, layers.Flatten(), layers.Dense(3)])
    model.compile(optimizers.Adam(0.01), "mse")
    return model


def resized(x):
    return compiled(
        [
            layers.Resizing(5, 4, interpolation="bicubic"),
            layers.Resizing(3, 6, crop_to_aspect_ratio=True),
            layers.CenterCrop(2, 4),
            layers.Resizing(4, 4, "nearest"),
        ]
    )


def varied(x):
    return compiled(
        [
            layers.RandomFlip("horizontal"),
            layers.RandomRotation(0.2, fill_mode="wrap"),
            layers.RandomRotation((-0.1, 0.3)),
            layers.RandomTranslation(0.1, (-0.2, 0.3), interpolation="nearest"),
            layers.RandomZoom((-0.2, 0.1), fill_mode="constant", fill_value=0.5),
            layers.RandomZoom(0.2, 0.1, seed=3),
            layers.RandomContrast(0.2),
            layers.RandomContrast((0.3, 0.2)),
            layers.RandomBrightness(0.3, value_range=(0, 1)),
            layers.RandomCrop(2, 2, seed=5),
        ]
    )


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    group = Group(f"museum/{VERSION}/images")
    for make in [resized, varied]:
        add(group, make)
    group.write()


if __name__ == "__main__":
    main()
