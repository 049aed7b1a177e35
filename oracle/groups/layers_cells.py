"""Convolutional LSTMs, and RNN with cells; the same form as `layers.py`."""

from groups.layers import add
from groups.layers_rnn import mask_of
from store import Group


def generate():
    group = Group("layers_cells")
    convolutional(group)
    cells(group)
    group.write()


def convolutional(group):
    from keras import layers

    shapes = {1: [(2, 3, 5, 2)], 2: [(2, 3, 4, 5, 2)], 3: [(2, 2, 3, 3, 4, 2)]}
    for axes, shape in shapes.items():
        make = getattr(layers, f"ConvLSTM{axes}D")
        add(group, f"conv_lstm{axes}d", lambda make=make: make(2, 2), shape)
    run = lambda tail, masks=(), shape=shapes[2], **k: add(group, "conv_lstm2d" + tail, lambda: layers.ConvLSTM2D(2, 3, **k), shape, masks=masks)
    mask = [mask_of("conv_lstm2d", (2, 3))]
    run("_sequences", return_sequences=True, padding="same")
    run("_backwards", return_sequences=True, go_backwards=True, strides=2, padding="same")
    run("_dilated", dilation_rate=2, padding="same", use_bias=False)
    run("_masked", masks=mask)
    run("_masked_zero", masks=mask, return_sequences=True, zero_output_for_mask=True)
    run("_activations", activation="relu", recurrent_activation="hard_sigmoid", unit_forget_bias=False)


def cells(group):
    from keras import layers

    shape = [(2, 4, 3)]
    lstm = lambda name="a", **k: layers.LSTMCell(2, name=name, **k)
    gru = lambda name="b", **k: layers.GRUCell(3, name=name, **k)
    plain = lambda name="c", **k: layers.SimpleRNNCell(2, name=name, **k)
    stacked = lambda: layers.StackedRNNCells([lstm(), gru(), plain()], name="stacked")
    mask = [mask_of("cells", (2, 4))]
    add(group, "rnn_lstm_cell", lambda: layers.RNN(lstm()), shape)
    add(group, "rnn_gru_cell", lambda: layers.RNN(gru(), return_sequences=True), shape)
    add(group, "rnn_gru_cell_before", lambda: layers.RNN(gru(reset_after=False, seed=3)), shape)
    add(group, "rnn_simple_cell", lambda: layers.RNN(plain(seed=4, use_bias=False), go_backwards=True), shape)
    for tail, options in {
        "": {},
        "_sequences": dict(return_sequences=True),
        "_backwards": dict(return_sequences=True, go_backwards=True),
        "_zero": dict(return_sequences=True, zero_output_for_mask=True),
    }.items():
        add(group, "rnn_stacked" + tail, lambda options=options: layers.RNN(stacked(), **options), shape)
        add(group, "rnn_stacked_masked" + tail, lambda options=options: layers.RNN(stacked(), **options), shape, masks=mask)
    add(group, "rnn_stacked_frozen", lambda: layers.RNN(layers.StackedRNNCells([lstm(trainable=False), lstm("d")], name="stacked")), shape)
    inner = lambda: layers.RNN(lstm(), name="inner")
    add(group, "rnn_both_directions", lambda: layers.Bidirectional(inner()), shape)
