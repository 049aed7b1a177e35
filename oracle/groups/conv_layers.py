"""Layers of images: convolutions, pooling, padding, cropping, upsampling. The format is that of `layers`."""

from groups import layers as plain
from store import Group


def generate():
    group = Group("conv_layers")
    for part in (convolutions, depthwise, separable, transposed, pooling, global_pooling, margins, upsampling):
        part(group)
    group.write()


def with_channels_last(layer, xs, cotangent, training, differentiable, masks, as_list):
    """What `groups.layers.call` gives, by the same layer with the channels last: TensorFlow's kernels know no
    channels_first on a CPU."""
    import tensorflow as tf

    config = layer.get_config()
    config["data_format"] = "channels_last"
    twin = type(layer).from_config(config)
    rank = xs[0].shape.rank
    to_last = [0, *range(2, rank), 1]
    twin.build([xs[0].shape[axis] for axis in to_last])
    twin.set_weights(layer.get_weights())
    trainable = [w.value for w in twin.trainable_weights]
    with tf.GradientTape() as tape:
        tape.watch(xs)
        out = twin(tf.transpose(xs[0], to_last), training=training)
        if out.shape.rank == rank:
            out = tf.transpose(out, [0, rank - 1, *range(1, rank - 1)])
    gradients = []
    if differentiable:
        ct = tf.constant(cotangent(out.shape), out.dtype)
        gradients = tape.gradient(out, list(xs) + trainable, output_gradients=ct)
    return out.numpy(), [g.numpy() for g in gradients], [w.numpy() for w in layer.weights], None


def add(group, case, make, shapes, **options):
    """Adds a case; says so where TensorFlow has no kernel for it on a CPU."""
    import tensorflow as tf

    eager = plain.call
    plain.call = with_channels_last if "_first" in case else eager
    try:
        plain.add(group, case, make, shapes, **options)
    except (tf.errors.InvalidArgumentError, tf.errors.NotFoundError, tf.errors.UnimplementedError) as error:
        print(f"left out: conv_layers/{case}: {str(error).split('[Op')[0].strip()[-120:]}")
    finally:
        plain.call = eager


def shape(axes, channels, first=False, sizes=(7, 6, 5)):
    sizes = tuple(sizes[:axes])
    return (2, channels, *sizes) if first else (2, *sizes, channels)


def convolutions(group):
    from keras import layers

    for axes, layer in ((1, layers.Conv1D), (2, layers.Conv2D), (3, layers.Conv3D)):
        short = (6, 5, 4) if axes == 3 else (7, 6, 5)

        def run(case, channels=3, filters=4, kernel=3, first=False, sizes=None, **arguments):
            if first:
                arguments["data_format"] = "channels_first"
            make = lambda: layer(filters, kernel, **arguments)
            add(group, f"conv{axes}d_{case}", make, [shape(axes, channels, first, sizes or short)])

        run("valid", activation="relu")
        run("same", padding="same")
        run("same_even", kernel=2, padding="same")
        run("strides", strides=2)
        run("strides_same", strides=2, padding="same", kernel=3)
        run("strides_same_even", strides=2, padding="same", kernel=2)
        run("stride_beyond_kernel", strides=3, kernel=2)
        run("stride_beyond_kernel_same", strides=4, kernel=2, padding="same")
        run("dilation", dilation_rate=2, kernel=2)
        run("dilation_same", dilation_rate=2, padding="same")
        run("groups", channels=4, filters=6, groups=2, kernel=2)
        run("first", first=True, padding="same", use_bias=False)
        run("first_strides", first=True, strides=2, activation="relu")
        run("pointwise", kernel=1, filters=5)
        run("one_channel", channels=1, filters=1, kernel=2)
        if axes == 1:
            run("causal", padding="causal")
            run("causal_dilation", padding="causal", dilation_rate=2, kernel=2)
            run("causal_strides", padding="causal", strides=2, kernel=4)
            run("first_causal", first=True, padding="causal")
        if axes == 2:
            run("uneven", kernel=(2, 3), strides=(1, 2))
            run("uneven_dilation", kernel=(2, 3), dilation_rate=(1, 2), padding="same")
            run("depthwise_groups", channels=3, filters=6, groups=3)
            run("wide", channels=5, filters=35, sizes=(5, 19), padding="same")
            run("many_channels", channels=37, filters=3, sizes=(4, 5), kernel=3)
            run("regularized", activity_regularizer="l2", kernel_regularizer="l1", kernel_constraint="max_norm")


def depthwise(group):
    from keras import layers

    for axes, layer in ((1, layers.DepthwiseConv1D), (2, layers.DepthwiseConv2D)):

        def run(case, channels=3, kernel=3, first=False, **arguments):
            if first:
                arguments["data_format"] = "channels_first"
            make = lambda: layer(kernel, **arguments)
            add(group, f"depthwise_conv{axes}d_{case}", make, [shape(axes, channels, first)])

        run("valid", activation="tanh")
        run("same", padding="same")
        run("strides", strides=2)
        run("strides_same", strides=2, padding="same")
        run("multiplier", depth_multiplier=3)
        run("dilation", dilation_rate=2, kernel=2)
        run("first", first=True, depth_multiplier=2)
        run("many", channels=35, kernel=2)


def separable(group):
    from keras import layers

    for axes, layer in ((1, layers.SeparableConv1D), (2, layers.SeparableConv2D)):

        def run(case, channels=3, filters=4, kernel=3, first=False, **arguments):
            if first:
                arguments["data_format"] = "channels_first"
            make = lambda: layer(filters, kernel, **arguments)
            add(group, f"separable_conv{axes}d_{case}", make, [shape(axes, channels, first)])

        run("valid", activation="relu")
        run("same", padding="same", use_bias=False)
        run("strides_same", strides=2, padding="same", depth_multiplier=2)
        run("dilation", dilation_rate=2, kernel=2)
        run("first", first=True)


def transposed(group):
    from keras import layers

    kinds = ((1, layers.Conv1DTranspose), (2, layers.Conv2DTranspose), (3, layers.Conv3DTranspose))
    for axes, layer in kinds:

        def run(case, channels=3, filters=2, kernel=3, first=False, **arguments):
            if first:
                arguments["data_format"] = "channels_first"
            make = lambda: layer(filters, kernel, **arguments)
            add(group, f"conv{axes}d_transpose_{case}", make, [shape(axes, channels, first, (4, 3, 2))])

        run("valid", activation="relu")
        run("same", padding="same")
        run("strides", strides=2)
        run("strides_same", strides=2, padding="same")
        run("even_strides_same", strides=2, padding="same", kernel=4)
        run("stride_beyond_kernel", strides=3, kernel=2)
        run("stride_beyond_kernel_same", strides=3, kernel=2, padding="same")
        run("output_padding", strides=2, output_padding=1)
        run("output_padding_0", strides=2, output_padding=0)
        run("output_padding_same", strides=2, output_padding=1, padding="same")
        run("output_padding_0_same", strides=2, output_padding=0, padding="same")
        if axes < 3:
            run("dilation", dilation_rate=2)
        if axes == 2:
            run("first", first=True, strides=2, padding="same", use_bias=False)


def pooling(group):
    from keras import layers

    for name in ("Max", "Average"):
        for axes in (1, 2, 3):
            layer = getattr(layers, f"{name}Pooling{axes}D")

            def run(case, size=2, first=False, **arguments):
                if first:
                    arguments["data_format"] = "channels_first"
                make = lambda: layer(size, **arguments)
                add(group, f"{name.lower()}_pooling{axes}d_{case}", make, [shape(axes, 3, first)])

            run("valid")
            run("same", padding="same")
            run("overlap", size=3, strides=1)
            run("overlap_same", size=3, strides=2, padding="same")
            run("stride_beyond_window", size=2, strides=3)
            run("stride_beyond_window_same", size=2, strides=3, padding="same")
            if axes < 3 or name == "Average":
                run("first", first=True)


def global_pooling(group):
    from keras import layers

    for name in ("Max", "Average"):
        for axes in (1, 2, 3):
            layer = getattr(layers, f"Global{name}Pooling{axes}D")
            for case, first, arguments in (
                ("last", False, {}),
                ("keepdims", False, {"keepdims": True}),
                ("first", True, {"data_format": "channels_first"}),
                ("first_keepdims", True, {"data_format": "channels_first", "keepdims": True}),
            ):
                make = lambda: layer(**arguments)
                add(group, f"global_{name.lower()}_pooling{axes}d_{case}", make, [shape(axes, 3, first, (4, 3, 2))])


def margins(group):
    from keras import layers

    cases = {
        1: {"one": 2, "pair": (1, 2)},
        2: {"one": 1, "each": (1, 2), "sides": ((0, 2), (1, 0))},
        3: {"one": 1, "each": (1, 0, 1), "sides": ((0, 1), (1, 0), (2, 0))},
    }
    for kind in ("ZeroPadding", "Cropping"):
        for axes in (1, 2, 3):
            layer = getattr(layers, f"{kind}{axes}D")
            name = "zero_padding" if kind == "ZeroPadding" else "cropping"
            for case, argument in cases[axes].items():
                make = lambda: layer(argument)
                add(group, f"{name}{axes}d_{case}", make, [shape(axes, 2, False, (7, 6, 5))])
            if axes > 1 or kind == "ZeroPadding":
                make = lambda: layer(argument, data_format="channels_first")
                add(group, f"{name}{axes}d_first", make, [shape(axes, 2, True, (7, 6, 5))])


def upsampling(group):
    from keras import layers

    add(group, "up_sampling1d", lambda: layers.UpSampling1D(3), [(2, 4, 3)])
    add(group, "up_sampling2d", lambda: layers.UpSampling2D((2, 3)), [(2, 3, 4, 2)])
    add(group, "up_sampling2d_first", lambda: layers.UpSampling2D(2, data_format="channels_first"), [(2, 2, 3, 4)])
    for interpolation in ("bilinear", "bicubic", "lanczos3", "lanczos5"):
        make = lambda: layers.UpSampling2D((2, 3), interpolation=interpolation)
        add(group, f"up_sampling2d_{interpolation}", make, [(1, 5, 4, 2)], differentiable=interpolation in ("bilinear", "bicubic"))
    make = lambda: layers.UpSampling2D((3, 2), interpolation="bilinear", data_format="channels_first")
    add(group, "up_sampling2d_bilinear_first", make, [(1, 2, 4, 3)])
    add(group, "up_sampling3d", lambda: layers.UpSampling3D((2, 1, 3)), [(1, 2, 3, 2, 2)])
    add(group, "up_sampling3d_first", lambda: layers.UpSampling3D(2, data_format="channels_first"), [(1, 2, 2, 1, 2)])
