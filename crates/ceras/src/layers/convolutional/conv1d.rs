//! The convolutional layer of sequences.

use super::common::convolution_layer;
use super::kinds::convolved;

convolution_layer! {
    /// A convolution over 1 axis: a small kernel that moves over the input and sums what lies under it.
    ///
    /// `output[b, o, f] = activation(Σ input[b, o·strides + t·dilation_rate, c] · kernel[t, c, f] + bias[f])` over the
    /// kernel's positions `t` and the channels `c` of the group of `f`.
    ///
    /// # Shapes
    /// `[batch, steps, channels]` → `[batch, steps, filters]` (`valid`, `same` or `causal` padding); with `channels_first` the
    /// channels are axis 1. Weights: `kernel` `[kernel_size…, channels / groups, filters]`, then `bias` `[filters]`.
    ///
    /// # Errors
    /// The rank is not 3, the channels are unknown or not a multiple of `groups`, `filters` is not, the kernel reaches
    /// beyond the image, or `strides` and `dilation_rate` are both more than 1.
    ///
    /// # Examples
    /// Steps 1, 2, 4 and 8, summed in pairs: 3, 6, 12.
    /// ```
    /// use ceras::layers::Conv1D;
    /// use ceras::prelude::*;
    /// let mut model = Sequential::new().add(Input::new([4, 1])).add(Conv1D::new(1, 2)).build()?;
    /// model.set_weights(&[Tensor::new(&[2, 1, 1], [1.0f32; 2])?, Tensor::new(&[1], [0.0f32])?])?;
    /// let y = model.predict(&Tensor::new(&[1, 4, 1], [1.0f32, 2.0, 4.0, 8.0])?)?;
    /// assert_eq!(y.slice::<f32>(), [3.0, 6.0, 12.0]);
    /// # Ok::<(), ceras::Error>(())
    /// ```
    ///
    /// # References
    /// LeCun, Bottou, Bengio, Haffner (1998), *Gradient-based learning applied to document recognition*,
    /// <https://doi.org/10.1109/5.726791>
    ///
    /// # Keras
    /// `lora_rank` is refused: it is a pass over the graph here, not a mode of a layer.
    Conv1D<1>(filters);
    first { filters = filters }
    transpose {}
    groups { groups }
    weights { kernel_initializer, kernel_regularizer, kernel_constraint; }
}

convolved!(Conv1D);
