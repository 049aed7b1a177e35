"""Recurrent layers and their wrappers; the same form as `layers.py`."""

from groups.layers import add
from store import Group, random


def generate():
    group = Group("layers_rnn")
    for part in (recurrent, gated, wrappers):
        part(group)
    group.write()


def mask_of(case, shape):
    """A mask with both values in it."""
    return random(f"layers_rnn/{case}/mask").uniform(size=shape) > 0.4


SHAPE = [(2, 4, 3)]


def recurrent(group):
    from keras import layers

    for name in ["SimpleRNN", "LSTM", "GRU"]:
        make, case = getattr(layers, name), name.lower()
        mask = [mask_of(case, (2, 4))]
        run = lambda tail, make=make, case=case, masks=(), **k: add(group, case + tail, lambda: make(2, **k), SHAPE, masks=masks)
        run("")
        run("_sequences", return_sequences=True)
        run("_backwards", return_sequences=True, go_backwards=True)
        run("_masked", masks=mask)
        run("_masked_sequences", masks=mask, return_sequences=True)
        run("_masked_zero", masks=mask, return_sequences=True, zero_output_for_mask=True)
        run("_masked_backwards", masks=mask, go_backwards=True)
        run("_plain", use_bias=False, activation="relu", unroll=True)


def gated(group):
    from keras import layers

    add(group, "lstm_activations", lambda: layers.LSTM(3, recurrent_activation="hard_sigmoid", unit_forget_bias=False), SHAPE)
    add(group, "gru_reset_before", lambda: layers.GRU(3, reset_after=False), SHAPE)
    add(group, "gru_reset_before_no_bias", lambda: layers.GRU(3, reset_after=False, use_bias=False), SHAPE)
    rich = dict(
        kernel_initializer="ones",
        recurrent_initializer="glorot_uniform",
        bias_initializer="ones",
        kernel_regularizer="l2",
        recurrent_regularizer="l1",
        bias_regularizer="l2",
        activity_regularizer="l2",
        kernel_constraint="max_norm",
        recurrent_constraint="non_neg",
        bias_constraint="unit_norm",
        dropout=0.1,
        recurrent_dropout=0.2,
    )
    add(group, "lstm_rich_config", lambda: layers.LSTM(2, seed=3, **rich), SHAPE, loss=True)
    add(group, "gru_rich_config", lambda: layers.GRU(2, seed=3, **rich), SHAPE, loss=True)


def wrappers(group):
    from keras import layers

    both = layers.Bidirectional
    lstm = lambda **k: layers.LSTM(2, name="inner", **k)
    add(group, "bidirectional", lambda: both(lstm()), SHAPE)
    for mode in ["sum", "mul", "ave"]:
        add(group, f"bidirectional_{mode}", lambda mode=mode: both(lstm(), merge_mode=mode), SHAPE)
    add(group, "bidirectional_sequences", lambda: both(lstm(return_sequences=True)), SHAPE, masks=[mask_of("both", (2, 4))])
    add(
        group,
        "bidirectional_two_layers",
        lambda: both(layers.GRU(2, name="a"), backward_layer=layers.SimpleRNN(2, go_backwards=True, name="b")),
        SHAPE,
    )
    add(group, "time_distributed", lambda: layers.TimeDistributed(layers.Dense(2, activation="tanh", name="inner")), SHAPE)
    add(
        group,
        "time_distributed_flatten",
        lambda: layers.TimeDistributed(layers.Flatten(name="inner")),
        [(2, 3, 2, 2)],
    )
