"""More combinations of the arguments of `conv_layers`: those that only meet together. The format is that of `layers`."""

from groups import conv_layers
from groups import layers as plain
from groups.conv_layers import add, shape
from store import Group


def generate():
    group = Group("conv_more")
    for part in (convolutions, depthwise_and_separable, transposed, pooling, margins):
        part(group)
    group.write()


FIRST = {"data_format": "channels_first"}


def convolutions(group):
    from keras import layers

    for axes, layer in ((1, layers.Conv1D), (2, layers.Conv2D), (3, layers.Conv3D)):

        def run(case, channels=4, filters=6, kernel=3, first=False, sizes=(7, 6, 5), **arguments):
            make = lambda: layer(filters, kernel, **arguments, **(FIRST if first else {}))
            add(group, f"conv{axes}d_{case}", make, [shape(axes, channels, first, sizes)])

        run("first_same_dilation", first=True, padding="same", dilation_rate=2, activation="relu")
        run("first_groups", first=True, groups=2, kernel=2, padding="same")
        run("groups_strides_same", groups=2, strides=2, padding="same")
        run("groups_dilation", groups=2, dilation_rate=2, kernel=2)
        run("even_dilation_same", kernel=2, dilation_rate=3, padding="same")
        run("kernel_is_image", kernel=(4, 3, 2)[:axes], sizes=(4, 3, 2))
        if axes < 3:
            run("first_stride_beyond_kernel", first=True, strides=3, kernel=2, padding="same")
            run("kernel_beyond_image_same", kernel=5, padding="same", sizes=(3, 2))
        if axes == 1:
            run("causal_groups", padding="causal", groups=2)


def depthwise_and_separable(group):
    from keras import layers

    for axes in (1, 2):
        depthwise, separable = getattr(layers, f"DepthwiseConv{axes}D"), getattr(layers, f"SeparableConv{axes}D")

        def run(case, first=False, kernel=3, **arguments):
            arguments |= FIRST if first else {}
            x = [shape(axes, 3, first)]
            add(group, f"depthwise_conv{axes}d_{case}", lambda: depthwise(kernel, **arguments), x)
            add(group, f"separable_conv{axes}d_{case}", lambda: separable(4, kernel, **arguments), x)

        run("dilation_same", dilation_rate=2, padding="same")
        run("stride_beyond_kernel", strides=3, kernel=2)
        run("stride_beyond_kernel_same", strides=3, kernel=2, padding="same")
        run("first_same", first=True, strides=2, padding="same", activation="relu")
        run("multiplier_same", depth_multiplier=2, padding="same", kernel=2)


def transposed(group):
    from keras import layers

    for axes, layer in ((1, layers.Conv1DTranspose), (2, layers.Conv2DTranspose), (3, layers.Conv3DTranspose)):

        def run(case, kernel=3, first=False, **arguments):
            make = lambda: layer(2, kernel, **arguments, **(FIRST if first else {}))
            add(group, f"conv{axes}d_transpose_{case}", make, [shape(axes, 3, first, (4, 3, 2))])

        run("first", first=True)
        run("first_strides", first=True, strides=3, activation="relu")
        run("first_output_padding", first=True, strides=2, output_padding=1, padding="same")
        run("even", kernel=2)
        run("even_same", kernel=2, padding="same")
        run("pointwise", kernel=1, strides=2)
        if axes == 2:
            run("uneven", kernel=(2, 3), strides=(1, 2), padding="same")


def in_float32(call):
    """A call that is always in float32: TensorFlow pools three axes in no other type."""

    def called(layer, xs, *rest):
        import tensorflow as tf

        config = layer.get_config()
        config["dtype"] = "float32"
        return call(type(layer).from_config(config), [tf.cast(x, "float32") for x in xs], *rest)

    return called


def pooling(group):
    kept = plain.call, conv_layers.with_channels_last
    for axes in (1, 2, 3):
        if axes == 3:
            plain.call, conv_layers.with_channels_last = map(in_float32, kept)
        pooling_of(group, axes)
    plain.call, conv_layers.with_channels_last = kept


def pooling_of(group, axes):
    from keras import layers

    for name in ("Max", "Average"):
        layer = getattr(layers, f"{name}Pooling{axes}D")

        def run(case, size=2, first=False, sizes=(7, 6, 5), **arguments):
            make = lambda: layer(size, **arguments, **(FIRST if first else {}))
            add(group, f"{name.lower()}_pooling{axes}d_{case}", make, [shape(axes, 3, first, sizes)])

        run("first_valid", first=True)
        run("first_overlap_same", first=True, size=3, strides=2, padding="same")
        run("window_is_image", size=(7, 6, 5)[:axes])
        run("window_beyond_image_same", size=4, padding="same", sizes=(3, 2, 3))
        if axes > 1:
            run("uneven", size=(2, 3, 1)[:axes], strides=(1, 2, 2)[:axes], padding="same")
        if axes == 3:
            run("valid")
            run("same", padding="same")
            run("overlap", size=3, strides=1)
            run("overlap_same", size=3, strides=2, padding="same")
            run("stride_beyond_window", size=2, strides=3)
            run("stride_beyond_window_same", size=2, strides=3, padding="same")


def margins(group):
    from keras import layers

    for axes in (1, 2, 3):
        padding = getattr(layers, f"ZeroPadding{axes}D")
        add(group, f"zero_padding{axes}d_none", lambda: padding(0), [shape(axes, 2)])
    add(group, "zero_padding1d_first", lambda: layers.ZeroPadding1D((0, 3), **FIRST), [shape(1, 2, True)])
    add(group, "up_sampling2d_uneven_first", lambda: layers.UpSampling2D((1, 3), **FIRST), [shape(2, 2, True)])
