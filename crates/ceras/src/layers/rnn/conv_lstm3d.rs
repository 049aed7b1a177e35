//! LSTM over sequences of volumes.

use super::conv_lstm::conv_lstm_layer;

conv_lstm_layer! {
    /// LSTM whose products with the input and with the state are convolutions over 3 axes.
    ///
    /// With `z = input ∗ kernel + state ∗ recurrent_kernel + bias` in four parts i, f, c, o of `filters` channels each:
    /// `memory = σ(f) · memory + σ(i) · activation(c)`, `state = σ(o) · activation(memory)`, where ∗ is a convolution and σ is
    /// `recurrent_activation`, step by step from zeros, or from the initial states given after the sequence.
    ///
    /// # Shapes
    /// `[batch, steps, depth, height, width, channels]` → `[batch, depth, height, width, filters]`, the last state; with `return_sequences` a state for each step; with `return_state` the last state and
    /// the last memory besides. The state has the size that `padding`, `strides` and `dilation_rate` leave of the input. Weights: `kernel`
    /// `[kernel_size…, channels, 4 · filters]`, `recurrent_kernel` `[kernel_size…, filters, 4 · filters]`, `bias` `[4 · filters]`.
    ///
    /// # Errors
    /// The rank is not 6, the channels are unknown, the kernel reaches beyond the input; `stateful`.
    ///
    /// # Examples
    /// ```
    /// use ceras::layers::ConvLSTM3D;
    /// use ceras::prelude::*;
    /// let model = Sequential::new().add(Input::new([5, 6, 8, 9, 1])).add(ConvLSTM3D::new(4, 3)).build()?;
    /// assert_eq!(model.output_shape()?.to_string(), "[?, 4, 6, 7, 4]");
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// Shi and others (2015), *Convolutional LSTM network: a machine learning approach for precipitation nowcasting*,
    /// <https://arxiv.org/abs/1506.04214>
    ///
    /// # Keras
    /// `unroll` changes nothing. `stateful` is refused.
    ConvLSTM3D<3>
}
