//! Layers: one file each, with its docs, its config (the struct *is* Keras' config) and its rule.

pub mod activations;
pub mod attention;
pub mod context;
pub mod convolutional;
pub mod core;
pub mod declare;
pub mod image;
pub mod merging;
pub mod normalization;
pub mod numbers;
pub mod pooling;
pub mod preprocessing;
pub mod regularization;
pub mod reshaping;
pub mod rnn;
pub mod spatial;

use std::panic::Location;
use std::sync::Arc;

use ceras_graph::{Shape, TensorType, Value};

use crate::error::Result;
use crate::registry::{Configurable, Registry};

pub use activations::{ELU, LeakyReLU, PReLU, ReLU, Softmax};
pub use attention::{AdditiveAttention, Attention, MultiHeadAttention};
pub use context::{BuildCx, CallCx, WeightSpec};
pub use convolutional::{
    Conv1D, Conv1DTranspose, Conv2D, Conv2DTranspose, Conv3D, Conv3DTranspose, DepthwiseConv1D,
    DepthwiseConv2D, SeparableConv1D, SeparableConv2D,
};
pub use core::{Activation, Dense, EinsumDense, Embedding, Identity, InputLayer, Masking};
pub use declare::Axes;
pub use image::{
    CenterCrop, Factor, FillMode, FlipMode, Interpolation, RandomBrightness, RandomContrast, RandomCrop,
    RandomFlip, RandomRotation, RandomTranslation, RandomZoom, Resizing,
};
pub use merging::{Add, Average, Concatenate, Dot, Maximum, Minimum, Multiply, Subtract};
pub use normalization::{
    BatchNormalization, GroupNormalization, LayerNormalization, Normalization, RMSNormalization,
    UnitNormalization,
};
pub use numbers::Numbers;
pub use pooling::{
    AveragePooling1D, AveragePooling2D, AveragePooling3D, GlobalAveragePooling1D, GlobalAveragePooling2D,
    GlobalAveragePooling3D, GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D, MaxPooling1D,
    MaxPooling2D, MaxPooling3D,
};
pub use preprocessing::Rescaling;
pub use regularization::{
    ActivityRegularization, AlphaDropout, Dropout, GaussianDropout, GaussianNoise, SpatialDropout1D,
    SpatialDropout2D, SpatialDropout3D,
};
pub use reshaping::{
    Cropping1D, Cropping2D, Cropping3D, Flatten, Permute, RepeatVector, Reshape, UpSampling1D, UpSampling2D,
    UpSampling3D, ZeroPadding1D, ZeroPadding2D, ZeroPadding3D,
};
pub use rnn::{
    Bidirectional, ConvLSTM1D, ConvLSTM2D, ConvLSTM3D, GRU, GRUCell, LSTM, LSTMCell, RNN, SimpleRNN,
    SimpleRNNCell, StackedRNNCells, TimeDistributed,
};
pub use spatial::{Margins, Padding, Sizes};

/// The layers that a file may name.
pub static LAYERS: Registry<dyn Layer> = Registry {
    kind: "layer",
    module: "keras.layers",
    any_case: false,
    entries: &[
        &core::input_layer::ENTRY,
        &core::dense::ENTRY,
        &core::einsum_dense::ENTRY,
        &core::activation::ENTRY,
        &core::embedding::ENTRY,
        &core::identity::ENTRY,
        &core::masking::ENTRY,
        &attention::additive_attention::ENTRY,
        &attention::attention_layer::ENTRY,
        &attention::multi_head_attention::ENTRY,
        &activations::elu::ENTRY,
        &activations::leaky_relu::ENTRY,
        &activations::prelu::ENTRY,
        &activations::relu::ENTRY,
        &activations::softmax::ENTRY,
        &merging::add::ENTRY,
        &merging::average::ENTRY,
        &merging::concatenate::ENTRY,
        &merging::dot::ENTRY,
        &merging::maximum::ENTRY,
        &merging::minimum::ENTRY,
        &merging::multiply::ENTRY,
        &merging::subtract::ENTRY,
        &preprocessing::rescaling::ENTRY,
        &image::center_crop::ENTRY,
        &image::random_brightness::ENTRY,
        &image::random_contrast::ENTRY,
        &image::random_crop::ENTRY,
        &image::random_flip::ENTRY,
        &image::random_rotation::ENTRY,
        &image::random_translation::ENTRY,
        &image::random_zoom::ENTRY,
        &image::resizing::ENTRY,
        &reshaping::flatten::ENTRY,
        &reshaping::permute::ENTRY,
        &reshaping::repeat_vector::ENTRY,
        &reshaping::reshape::ENTRY,
        &rnn::bidirectional::ENTRY,
        &rnn::conv_lstm1d::ENTRY,
        &rnn::conv_lstm2d::ENTRY,
        &rnn::conv_lstm3d::ENTRY,
        &rnn::cells::GRU_CELL,
        &rnn::cells::LSTM_CELL,
        &rnn::cells::SIMPLE_RNN_CELL,
        &rnn::gru::ENTRY,
        &rnn::lstm::ENTRY,
        &rnn::rnn_layer::ENTRY,
        &rnn::simple_rnn::ENTRY,
        &rnn::stacked_rnn_cells::ENTRY,
        &rnn::time_distributed::ENTRY,
        &regularization::activity_regularization::ENTRY,
        &regularization::alpha_dropout::ENTRY,
        &regularization::dropout::ENTRY,
        &regularization::gaussian_dropout::ENTRY,
        &regularization::gaussian_noise::ENTRY,
        &regularization::spatial_dropout1d::ENTRY,
        &regularization::spatial_dropout2d::ENTRY,
        &regularization::spatial_dropout3d::ENTRY,
        &normalization::normalization::ENTRY,
        &normalization::batch_normalization::ENTRY,
        &reshaping::cropping1d::ENTRY,
        &reshaping::cropping2d::ENTRY,
        &reshaping::cropping3d::ENTRY,
        &reshaping::up_sampling1d::ENTRY,
        &reshaping::up_sampling2d::ENTRY,
        &reshaping::up_sampling3d::ENTRY,
        &reshaping::zero_padding1d::ENTRY,
        &reshaping::zero_padding2d::ENTRY,
        &reshaping::zero_padding3d::ENTRY,
        &pooling::average_pooling1d::ENTRY,
        &pooling::average_pooling2d::ENTRY,
        &pooling::average_pooling3d::ENTRY,
        &pooling::global_average_pooling1d::ENTRY,
        &pooling::global_average_pooling2d::ENTRY,
        &pooling::global_average_pooling3d::ENTRY,
        &pooling::global_max_pooling1d::ENTRY,
        &pooling::global_max_pooling2d::ENTRY,
        &pooling::global_max_pooling3d::ENTRY,
        &pooling::max_pooling1d::ENTRY,
        &pooling::max_pooling2d::ENTRY,
        &pooling::max_pooling3d::ENTRY,
        &convolutional::conv1d::ENTRY,
        &convolutional::conv1d_transpose::ENTRY,
        &convolutional::conv2d::ENTRY,
        &convolutional::conv2d_transpose::ENTRY,
        &convolutional::conv3d::ENTRY,
        &convolutional::conv3d_transpose::ENTRY,
        &convolutional::depthwise_conv1d::ENTRY,
        &convolutional::depthwise_conv2d::ENTRY,
        &convolutional::separable_conv1d::ENTRY,
        &convolutional::separable_conv2d::ENTRY,
        &normalization::group_normalization::ENTRY,
        &normalization::layer_normalization::ENTRY,
        &normalization::rms_normalization::ENTRY,
        &normalization::unit_normalization::ENTRY,
    ],
};

/// What one layer hands to the next inside a trace: a value of the graph, and which of its time steps count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Traced {
    /// The value.
    pub value: Value,
    /// A `bool` value of the leading axes, true where a step counts; `None` when all do.
    pub mask: Option<Value>,
}

impl From<Value> for Traced {
    fn from(value: Value) -> Traced {
        Traced { value, mask: None }
    }
}

/// Where the channels of an image stand: after the positions or before them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataFormat {
    /// `[batch, height, width, channels]`, the default.
    #[default]
    ChannelsLast,
    /// `[batch, channels, height, width]`.
    ChannelsFirst,
}

/// What every layer says of itself besides its config.
#[derive(Clone, Copy, Debug)]
pub struct LayerInfo<'a> {
    /// The name that the user gave; a model makes one up where there is none.
    pub name: Option<&'a str>,
    /// Whether its weights are trained, until the model says otherwise.
    pub trainable: bool,
    /// The source line that made it.
    pub location: Option<&'static Location<'static>>,
}

/// What a layer does in `fit` and in `predict`, in plain words, each going on after the layer's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modes {
    /// In `fit`.
    pub fit: String,
    /// In `evaluate` and `predict`.
    pub predict: String,
}

/// A layer: it declares weights for given input types, and says what it computes by emitting ops.
///
/// A layer is immutable: its weights live in the model's store, so one layer may stand in several models.
pub trait Layer: Configurable {
    /// Name, `trainable` and where it was made.
    fn info(&self) -> LayerInfo<'_>;

    /// Declares the weights, in Keras' order (the order is the key in a file). Dimensions of the inputs may be unknown.
    ///
    /// # Errors
    /// The inputs cannot be this layer's.
    fn build(&self, cx: &mut BuildCx<'_>, inputs: &[TensorType]) -> Result<()>;

    /// Emits what the layer computes. The default for masks is Keras': a layer that does not know of masks
    /// passes on none; one that keeps the time axis says so by returning its input's mask.
    ///
    /// # Errors
    /// An op that the inputs do not fit; the model adds the layer's name.
    fn call(&self, cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Vec<Traced>>;

    /// What the layer does in `fit` and in `predict`, where that is not the same; `frozen` says whether it is frozen.
    fn modes(&self, frozen: bool) -> Option<Modes> {
        let _ = frozen;
        None
    }

    /// What the size of its outputs adds to the loss; whoever calls the layer adds it.
    fn activity_regularizer(&self) -> Option<&crate::regularizers::RegularizerRef> {
        None
    }

    /// The shape of the data that an input layer stands for; `None` for every other layer.
    fn input_type(&self) -> Option<TensorType> {
        None
    }

    /// The operation, when this is one of [`crate::ops`] and no layer of Keras.
    #[doc(hidden)]
    #[allow(private_interfaces, reason = "only this library's operations answer")]
    fn as_operation(&self) -> Option<&crate::ops::Applied> {
        None
    }

    /// The arguments of a call besides the inputs, when the layer has some.
    #[doc(hidden)]
    fn as_called(&self) -> Option<&dyn Called> {
        None
    }

    /// Whether its outputs in training depend on the other rows of the batch.
    fn sees_batch(&self) -> bool {
        self.inside().is_some_and(|(_, layer)| layer.sees_batch())
    }

    /// The layer that this one applies, when it does nothing but that, and the name that it has it under.
    fn inside(&self) -> Option<(&'static str, &LayerRef)> {
        None
    }

    /// What a recurrent layer does in one step, when this is that.
    #[doc(hidden)]
    #[allow(private_interfaces, reason = "only this library's cells answer")]
    fn as_cell(&self) -> Option<&dyn rnn::cells::Cell> {
        None
    }

    /// The model inside, when this layer is one.
    fn as_architecture(&self) -> Option<&crate::models::Architecture> {
        None
    }
}

/// A layer whose call has arguments besides its inputs: they are part of the layer here, and of the call in Keras' files.
#[doc(hidden)]
pub trait Called {
    /// The names of the arguments that are tensors, in the order of the layer's inputs.
    fn tensors(&self) -> &'static [&'static str];

    /// The layer called with these arguments.
    ///
    /// # Errors
    /// One is unknown or has a value that it cannot have.
    fn called(&self, arguments: &crate::registry::Config) -> Result<LayerRef>;

    /// Keras' positional arguments and those by name, for these inputs.
    fn node(&self, inputs: Vec<serde_json::Value>) -> (serde_json::Value, crate::registry::Config);

    /// Keras' `build_config` for inputs of these shapes.
    fn build_config(&self, shapes: Vec<serde_json::Value>) -> serde_json::Value {
        serde_json::json!({"input_shape": shapes})
    }
}

/// A shared handle of a layer. Applying the same handle twice shares the weights.
#[derive(Clone, Debug)]
pub struct LayerRef(pub Arc<dyn Layer>);

impl<T: Layer + 'static> From<T> for LayerRef {
    fn from(layer: T) -> LayerRef {
        LayerRef(Arc::new(layer))
    }
}

impl std::ops::Deref for LayerRef {
    type Target = dyn Layer;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

/// Applies a layer to symbolic tensors, as `Dense(10)(x)` does in Keras.
pub trait Apply {
    /// The output for one input.
    ///
    /// # Errors
    /// The layer cannot take this input.
    fn apply(self, input: &crate::models::KerasTensor) -> Result<crate::models::KerasTensor>;

    /// The output for several inputs.
    ///
    /// # Errors
    /// The layer cannot take these inputs.
    fn apply_all(self, inputs: &[&crate::models::KerasTensor]) -> Result<crate::models::KerasTensor>;
}

impl<T: Into<LayerRef>> Apply for T {
    #[track_caller]
    fn apply(self, input: &crate::models::KerasTensor) -> Result<crate::models::KerasTensor> {
        crate::models::KerasTensor::of(self.into(), &[input])
    }

    #[track_caller]
    fn apply_all(self, inputs: &[&crate::models::KerasTensor]) -> Result<crate::models::KerasTensor> {
        crate::models::KerasTensor::of(self.into(), inputs)
    }
}

/// The one input of a layer that takes one.
///
/// # Errors
/// There is another number of inputs.
pub fn single<'a, T>(class_name: &str, inputs: &'a [T]) -> Result<&'a T> {
    match inputs {
        [input] => Ok(input),
        _ => Err(crate::error::Error::new(
            crate::error::ErrorKind::Shape,
            format!("{class_name} takes one input; it is given {}", inputs.len()),
        )),
    }
}

/// The last dimension of an input, which a layer needs to know to make its weights.
///
/// # Errors
/// The input has no axis besides the batch, or its last dimension is unknown.
pub fn known_last(class_name: &str, shape: &Shape, least_rank: usize) -> Result<usize> {
    let error = |text: String| Err(crate::error::Error::new(crate::error::ErrorKind::Shape, text));
    match shape.last() {
        _ if shape.rank() < least_rank => {
            error(format!("{class_name} needs an input of rank {least_rank} or more; its shape is {shape}"))
        }
        Some(last) => Ok(last),
        None => error(format!("{class_name} needs to know the last axis of its input; its shape is {shape}")),
    }
}

/// A wrong word given to a builder method, kept until the layer is built, so that builders stay plain chains.
pub(crate) type Problem = Option<crate::error::Error>;

/// Puts a named object into a field, or its error into `problem`.
macro_rules! set_named {
    ($self:ident.$field:ident, $named:expr) => {
        match $named.into().resolve() {
            Ok(object) => $self.$field = object.into(),
            Err(error) => $self.problem = Some(error),
        }
    };
}
pub(crate) use set_named;

/// Serde's default for flags that are on unless said otherwise.
pub(crate) fn yes() -> bool {
    true
}

/// The builder methods and the trait methods that every layer whose struct is its config has alike.
macro_rules! layer_builders {
    () => {
        /// Names the layer; a model makes up Keras' name (`dense`, `dense_1`, …) where there is none.
        #[must_use]
        pub fn name(mut self, name: &str) -> Self {
            self.name = Some(name.to_owned());
            self
        }

        /// Whether the weights are trained at first; [`Model::set_trainable`](crate::Model::set_trainable) changes it later.
        #[must_use]
        pub fn trainable(mut self, trainable: bool) -> Self {
            self.trainable = trainable;
            self
        }

        /// The type of computations and weights; `float32` by default.
        #[must_use]
        pub fn dtype(mut self, dtype: impl Into<crate::dtype_policy::DTypePolicy>) -> Self {
            self.dtype = dtype.into();
            self
        }
    };
}
pub(crate) use layer_builders;

/// `Configurable`, the registry entry and `Layer::info` of a layer whose struct is its config.
macro_rules! layer_entry {
    ($layer:ident) => {
        /// The entry of the registry.
        pub(crate) static ENTRY: crate::registry::Entry<dyn crate::layers::Layer> = crate::registry::Entry {
            class_name: stringify!($layer),
            aliases: &[],
            parse: |config| {
                crate::registry::parse_config::<$layer>(config).map(|layer| std::sync::Arc::new(layer) as _)
            },
        };

        impl crate::registry::Configurable for $layer {
            fn class_name(&self) -> &'static str {
                stringify!($layer)
            }

            fn config(&self) -> crate::registry::Config {
                crate::layers::declare::in_order(crate::registry::to_config(self))
            }
        }
    };
}
pub(crate) use layer_entry;

/// `Layer::info` of a layer whose struct is its config.
macro_rules! layer_info {
    () => {
        fn info(&self) -> crate::layers::LayerInfo<'_> {
            crate::layers::LayerInfo {
                name: self.name.as_deref(),
                trainable: self.trainable,
                location: self.location,
            }
        }
    };
}
pub(crate) use layer_info;
