"""What `model.summary()` prints of many shapes of models in many forms: `model` (serialized; null where a case before has it under
`of`), `trainable` (paths of layers that are frozen), `compiled`, `options` (the arguments), `text` or `error`.
"""

import os

from store import Group


def sequential():
    from keras import Input, Sequential, layers

    stack = [Input((28, 28, 1)), layers.Conv2D(8, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten()]
    return Sequential(stack + [layers.Dropout(0.25), layers.Dense(64, name="a_layer_with_a_name_that_is_very_long_indeed"), layers.Dense(10)], name="pictures")


def unbuilt():
    from keras import Sequential, layers

    return Sequential([layers.Dense(4), layers.Dropout(0.5), layers.BatchNormalization(), layers.Dense(1, name="out")], name="waiting")


def wide():
    from keras import Input, Sequential, layers

    return Sequential([Input((3,)), layers.Dense(1000, name="dense_one"), layers.BatchNormalization(name="norm"), layers.Dense(1234567 // 1000, name="dense_two")])


def chain():
    import keras
    from keras import layers

    x = keras.Input((8,), name="features")
    y = layers.Dense(4, name="block1_dense")(x)
    y = layers.BatchNormalization(name="block1_norm")(y)
    y = layers.Dense(4, name="block2_dense")(y)
    y = layers.BatchNormalization(name="block2_norm")(y)
    return keras.Model(x, layers.Dense(1, name="out")(y), name="chain")


def several():
    import keras
    from keras import layers

    a, b = keras.Input((4,), name="a"), keras.Input((6, 2), name="b")
    shared = layers.Dense(5, name="shared")
    left = shared(a)
    right = layers.GlobalAveragePooling1D(name="pool")(layers.Dense(4, name="steps")(b))
    right = shared(right)
    both = layers.Concatenate(name="both")([left, right, left * 2.0])
    first, second = layers.Dense(1, name="first")(both), layers.Dense(3, "softmax", name="second")(both)
    return keras.Model([a, b], [first, second], name="several")


def nested():
    import keras
    from keras import layers

    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="in_dense"), layers.Dropout(0.1, name="in_drop")], name="encoder")
    u = keras.Input((3,), name="u")
    v = layers.Dense(2, name="deep")(u)
    deepest = keras.Model(u, layers.Add(name="sum")([v, layers.Dense(2, name="other")(u)]), name="deepest")
    w = keras.Input((3,), name="w")
    middle = keras.Model(w, layers.Dense(2, name="mid")(deepest(w)), name="middle")
    x, y = keras.Input((4,), name="x"), keras.Input((4,), name="y")
    left, right = middle(inner(x)), middle(inner(y))
    return keras.Model([x, y], layers.Dense(1, name="out")(layers.Subtract(name="difference")([left, right])), name="outer")


def nested_sequence():
    import keras
    from keras import layers

    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="one"), layers.Dense(3, name="two")], name="inner")
    return keras.Sequential([keras.Input((4,)), inner, layers.Dense(2, name="last")], name="outer_sequence")


def recurrent():
    import keras
    from keras import layers

    stack = [keras.Input((None,)), layers.Embedding(100, 8, name="words"), layers.Bidirectional(layers.LSTM(4, return_sequences=True), name="both_ways")]
    return keras.Sequential(stack + [layers.TimeDistributed(layers.Dense(3), name="each"), layers.GRU(2, name="last")], name="recurrent")


def states():
    import keras
    from keras import layers

    x = keras.Input((None, 3), name="x")
    outputs, hidden, cell = layers.LSTM(4, return_state=True, name="lstm")(x)
    return keras.Model(x, layers.Concatenate(name="all")([outputs, hidden, cell]), name="states")


def generate():
    import keras

    group = Group("summary_shapes")
    makers = dict(sequential=sequential, unbuilt=unbuilt, wide=wide, chain=chain, several=several, nested=nested)
    makers.update(nested_sequence=nested_sequence, recurrent=recurrent, states=states)
    forms = {
        "plain": {},
        "trainable": dict(show_trainable=True),
        "nested": dict(expand_nested=True),
        "both": dict(expand_nested=True, show_trainable=True),
        "narrow": dict(line_length=40),
        "too_narrow": dict(line_length=12),
        "wide": dict(line_length=140, expand_nested=True),
        "odd": dict(line_length=63, show_trainable=True, expand_nested=True),
        "positions": dict(positions=[0.5, 0.75, 1.0], line_length=70),
        "positions_connected": dict(positions=[0.35, 0.55, 0.7, 1.0], line_length=90),
    }
    ranges = dict(
        sequential=[["conv2d", "dropout"], ["max.*", "a_layer.*"], [".*", "flat"], ["dense", "conv2d"], ["nothing", "dense"]],
        unbuilt=[["dropout", "out"]],
        wide=[["norm", "norm"], ["dense_.+", "dense_.+"]],
        chain=[["block1_.*", "block1_.*"], ["block2", "block1"], ["block\\d_norm", "out"], ["(features|out)", "out"], ["[bc]lock1", ".*norm$"]],
        several=[["a", "pool"], ["b", "both"], ["shared", "second"], ["mult", "second"]],
        nested=[["encoder", "middle"], ["x", "out"], ["m.ddle", "diff"]],
        nested_sequence=[["inner", "inner"]],
    )
    frozen = dict(chain=["block1_dense", "block2_norm"], nested=["middle"], nested_sequence=["inner"], sequential=["conv2d"])
    for name, make in makers.items():
        keras.backend.clear_session()
        model = make()
        described = keras.saving.serialize_keras_object(model)
        first = True

        def add(label, options, frozen=(), compiled=False):
            nonlocal first
            lines, error = [], None
            # Wide tables need a wide terminal, which would else cut them.
            os.environ["COLUMNS"] = "200" if options.get("line_length", 0) > 80 else "80"
            try:
                model.summary(print_fn=lambda text: lines.append(text), **options)
            except ValueError as raised:
                error = str(raised).split(".")[0]
            case = dict(model=described if first else None, of=f"{name}_plain", frozen=list(frozen), compiled=compiled, options=options)
            group.add(f"{name}_{label}", **case, **(dict(error=error) if error else dict(text="".join(lines))))
            first = False

        for label, options in forms.items():
            connected = name in ("several", "nested", "states")
            if (label == "positions" and connected) or (label == "positions_connected" and not connected):
                continue
            add(label, options)
        for number, pair in enumerate(ranges.get(name, [])):
            add(f"range{number}", dict(layer_range=pair))
            if name == "nested":
                add(f"range{number}_expanded", dict(layer_range=pair, expand_nested=True, show_trainable=True))
        for path in frozen.get(name, []):
            model.get_layer(path).trainable = False
        if name in frozen:
            for label in ("trainable", "both"):
                add(f"frozen_{label}", forms[label], frozen[name])
        if name in ("wide", "several"):
            model.compile("adam", loss="mse")
            model.optimizer.build(model.trainable_variables)
            add("compiled", {}, (), True)
    group.write()
