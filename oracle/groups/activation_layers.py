"""Layers that stand as the activations of other layers: `model` (serialized). Arrays: `x`, `y`, `initial<i>`."""

from groups.trajectories import initial
from store import Group, random


def generate():
    import keras
    from keras import layers

    group = Group("activation_layers")
    makers = dict(
        leaky_relu=lambda: layers.LeakyReLU(negative_slope=0.1),
        elu=lambda: layers.ELU(0.5),
        relu=lambda: layers.ReLU(max_value=1.0, negative_slope=0.2, threshold=0.1),
        softmax=lambda: layers.Softmax(),
        activation=lambda: layers.Activation("mish"),
        function=lambda: keras.activations.hard_silu,
    )
    for name, make in makers.items():
        keras.backend.clear_session()
        stack = [keras.Input((3, 4)), layers.Dense(5, activation=make()), layers.Activation(make()), layers.Conv1D(3, 2, activation=make())]
        model = keras.Sequential(stack + [layers.SimpleRNN(2, activation=make())])
        r = random("activation_layers/" + name)
        model.set_weights(initial(r, model.weights))
        x = r.standard_normal((2, 3, 4)).astype("float32")
        arrays = dict(x=x, y=model.predict(x, verbose=0), **{f"initial{i}": w.numpy() for i, w in enumerate(model.weights)})
        group.add(name, arrays, model=keras.saving.serialize_keras_object(model))
    group.write()
