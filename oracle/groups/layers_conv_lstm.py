"""Recurrent layers of pictures; the same form as `layers.py`."""

from groups.layers import add
from groups.layers_rnn import mask_of
from store import Group


def generate():
    from keras import layers

    group = Group("layers_conv_lstm")
    shape = [(2, 3, 4, 5, 2)]

    def two(case, masks=(), loss=False, **arguments):
        arguments = {"kernel_size": 3, **arguments}
        add(group, "conv_lstm2d" + case, lambda: layers.ConvLSTM2D(2, **arguments), shape, masks=masks, loss=loss)

    two("")
    two("_same", padding="same", return_sequences=True)
    two("_strides", kernel_size=(2, 3), strides=(1, 2), padding="same", return_sequences=True)
    two("_dilated", kernel_size=2, dilation_rate=(1, 2))
    two("_backwards", padding="same", go_backwards=True, return_sequences=True)
    two("_masked", padding="same", masks=[mask_of("conv_lstm", (2, 3))])
    two("_masked_sequences", padding="same", masks=[mask_of("conv_lstm", (2, 3))], return_sequences=True, zero_output_for_mask=True)
    two("_plain", use_bias=False, activation="relu", recurrent_activation="hard_sigmoid", unit_forget_bias=False)
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
    two("_rich_config", seed=3, loss=True, **rich)
    add(group, "conv_lstm1d", lambda: layers.ConvLSTM1D(2, 3, return_sequences=True), [(2, 3, 6, 2)])
    add(group, "conv_lstm1d_same", lambda: layers.ConvLSTM1D(3, 2, padding="same", strides=2), [(2, 3, 5, 1)])
    add(group, "conv_lstm3d", lambda: layers.ConvLSTM3D(2, 2), [(2, 2, 3, 4, 3, 1)])
    add(group, "conv_lstm3d_same", lambda: layers.ConvLSTM3D(1, (2, 1, 3), padding="same", return_sequences=True), [(1, 2, 3, 2, 4, 2)])
    group.write()
