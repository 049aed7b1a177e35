"""What `model.summary()` prints of the museum's models, with options: `file`, `options`, `text`."""

from store import FIXTURES, Group


def generate():
    import keras

    group = Group("summaries")
    options = {
        "plain": {},
        "wide": dict(line_length=80),
        "narrow": dict(line_length=50),
        "nested": dict(expand_nested=True),
        "trainable": dict(show_trainable=True),
        "both": dict(expand_nested=True, show_trainable=True, line_length=78),
    }
    for name in ["sequential", "functional", "two_outputs", "frozen"]:
        file = f"museum/3.15.1/{name}.keras"
        model = keras.models.load_model(FIXTURES / file)
        for layer in model.layers:
            # Keras forgets that a Sequential model inside was frozen, though its layers stay so.
            if layer.name == "base":
                layer.trainable = False
        ranges = [layer.name for layer in model.layers[-2:]]
        for option, arguments in {**options, "range": dict(layer_range=ranges)}.items():
            lines = []
            model.summary(print_fn=lambda text: lines.append(text), **arguments)
            group.add(f"{name}_{option}", file=file, options=arguments, text="".join(lines))
    group.write()
