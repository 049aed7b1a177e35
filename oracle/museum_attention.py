"""More of the museum (see `museum.py`): layers of attention, in `attention.json` and `attention.npz` of a version.

    k215/bin/python oracle/museum_attention.py; k30/bin/python oracle/museum_attention.py
"""

from museum import FOLDER, VERSION, add
from store import Group

from keras import Input, Model, layers, optimizers


def steps(x):
    """Three steps of four features."""
    return layers.Reshape((3, 4))(layers.Dense(12)(x))


def compiled(x, y):
    model = Model(x, layers.Dense(3)(layers.Flatten()(y)))
    model.compile(optimizers.Adam(0.01), "mse")
    return model


def heads(_):
    x = Input((4,), name="x")
    query, value = steps(x), steps(x)
    y = layers.MultiHeadAttention(2, 3)(query, value)
    y = layers.Add()([query, y])
    y = layers.MultiHeadAttention(1, 2, value_dim=3, use_bias=False, output_shape=(5,))(y, value, key=query)
    return compiled(x, y)


def causal(_):
    x = Input((4,), name="x")
    y = steps(x)
    y = layers.MultiHeadAttention(2, 2)(y, y, use_causal_mask=True)
    return compiled(x, layers.LayerNormalization()(y))


def sums_and_products(_):
    x = Input((4,), name="x")
    query, value = steps(x), steps(x)
    y = layers.Attention(use_scale=True)([query, value])
    y = layers.AdditiveAttention()([y, value], use_causal_mask=True)
    return compiled(x, layers.EinsumDense("abc,cd->abd", output_shape=(3, 2), bias_axes="d")(y))


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    group = Group(f"museum/{VERSION}/attention")
    for make in [heads, causal, sums_and_products]:
        add(group, make)
    group.write()


if __name__ == "__main__":
    main()
