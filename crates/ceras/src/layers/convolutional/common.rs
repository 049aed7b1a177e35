//! What the convolutional layers share: their config and builders, and how the window follows from it.

use ceras_graph::{Graph, GraphError, Shape, Value, ops};

use crate::constraints::ConstraintRef;
use crate::error::{Error, ErrorKind, Result};
use crate::initializers::InitializerRef;
use crate::layers::BuildCx;
use crate::layers::spatial::{Padding, rank_is};
use crate::regularizers::RegularizerRef;

/// How a layer's kernel moves, from its config.
#[derive(Clone, Copy, Debug)]
pub(in crate::layers) struct Moves<'a> {
    pub(in crate::layers) class_name: &'static str,
    pub(in crate::layers) kernel_size: &'a [usize],
    pub(in crate::layers) strides: &'a [usize],
    pub(in crate::layers) dilation_rate: &'a [usize],
    pub(in crate::layers) padding: Padding,
}

impl Moves<'_> {
    /// That the config is one that Keras takes, and that the input has the right rank.
    pub(in crate::layers) fn check(&self, shape: &Shape) -> Result<()> {
        rank_is(self.class_name, shape, self.kernel_size.len())?;
        let usage = |text: String| Err(Error::new(ErrorKind::Usage, text));
        let named = [
            ("kernel_size", self.kernel_size),
            ("strides", self.strides),
            ("dilation_rate", self.dilation_rate),
        ];
        for (name, sizes) in named {
            if sizes.contains(&0) {
                return usage(format!("`{name}` must be 1 or more; it is {sizes:?}"));
            }
        }
        if self.padding == Padding::Causal && self.class_name != "Conv1D" {
            return usage(format!("{} has no causal padding; Conv1D has", self.class_name));
        }
        let over_one = |sizes: &[usize]| sizes.iter().any(|&size| size > 1);
        if over_one(self.strides) && over_one(self.dilation_rate) {
            let text = format!(
                "`strides` {:?} and `dilation_rate` {:?} cannot both be more than 1",
                self.strides, self.dilation_rate
            );
            return usage(text);
        }
        Ok(())
    }

    /// Positions that the kernel reaches over along an axis.
    pub(in crate::layers) fn reach(&self, axis: usize) -> usize {
        (self.kernel_size[axis] - 1).saturating_mul(self.dilation_rate[axis]).saturating_add(1)
    }

    /// The window for an image with the channels last.
    pub(in crate::layers) fn window(&self, image: &Shape, groups: usize) -> ops::ConvolutionWindow {
        let pads = (0..self.kernel_size.len())
            .map(|axis| self.padding.around(image.dim(axis + 1), self.reach(axis), self.strides[axis]));
        let (low, high) = pads.map(|(low, high)| (low as i64, high as i64)).unzip();
        ops::ConvolutionWindow {
            strides: self.strides.to_vec(),
            low,
            high,
            rhs_dilation: self.dilation_rate.to_vec(),
            feature_groups: groups,
            ..ops::ConvolutionWindow::plain(self.kernel_size.len())
        }
    }

    /// That the result of an image has positions.
    pub(in crate::layers) fn not_empty(&self, image: &Shape, result: &Shape) -> Result<()> {
        let lost = |axis: usize| result.dim(axis + 1) == Some(0) && image.dim(axis + 1) != Some(0);
        match (0..self.kernel_size.len()).find(|&axis| lost(axis)) {
            None => Ok(()),
            Some(axis) => {
                let positions = image.dim(axis + 1).unwrap_or(0);
                let reach = self.reach(axis);
                let text = format!(
                    "the kernel of {} reaches over {reach} positions, but the image has {positions}; its shape is {image}",
                    self.class_name
                );
                let hint =
                    "use a smaller `kernel_size`, `padding` \"same\", or fewer layers that shrink the image";
                Err(Error::new(ErrorKind::Shape, text).hint(hint))
            }
        }
    }

    /// The convolution of an image with the channels last.
    pub(in crate::layers) fn convolve(
        &self,
        g: &mut Graph,
        image: Value,
        kernel: Value,
        groups: usize,
    ) -> Result<Value> {
        let shape = g.ty(image).shape.clone();
        let y = ops::convolution(g, image, kernel, &self.window(&shape, groups))?;
        self.not_empty(&shape, &g.ty(y).shape.clone())?;
        Ok(y)
    }
}

/// A kernel `[…, channels, multiplier]` of a depthwise convolution as one of as many groups as channels.
pub(super) fn grouped(g: &mut Graph, kernel: Value) -> Result<Value, GraphError> {
    let dims = g.ty(kernel).shape.dims().to_vec();
    let (channels, multiplier) = (dims[dims.len() - 2], dims[dims.len() - 1]);
    let features = channels.zip(multiplier).map(|(channels, multiplier)| channels * multiplier);
    let shape = [&dims[..dims.len() - 2], &[Some(1), features]].concat();
    ops::reshape(g, kernel, Shape::from(shape))
}

/// A weight as a layer declares it.
pub(super) struct Declared<'a> {
    pub(super) name: &'static str,
    pub(super) dims: Vec<usize>,
    pub(super) initializer: &'a InitializerRef,
    pub(super) regularizer: &'a Option<RegularizerRef>,
    pub(super) constraint: &'a Option<ConstraintRef>,
}

impl Declared<'_> {
    pub(super) fn declare(&self, cx: &mut BuildCx<'_>, dtype: ceras_graph::DType) {
        cx.weight(self.name, dtype, &self.dims, self.initializer)
            .regularizer(self.regularizer)
            .constraint(self.constraint);
    }
}

/// That channels and filters can be divided into groups.
pub(super) fn check_groups(groups: usize, channels: usize, filters: usize) -> Result<()> {
    let usage = |text: String| Err(Error::new(ErrorKind::Usage, text));
    if filters == 0 || groups == 0 {
        return usage(format!("`filters` and `groups` must be 1 or more; they are {filters} and {groups}"));
    }
    if !filters.is_multiple_of(groups) || !channels.is_multiple_of(groups) {
        return usage(format!(
            "`filters`, {filters}, and the channels of the input, {channels}, must be multiples of `groups`, {groups}"
        ));
    }
    Ok(())
}

/// The channels of a depthwise convolution's result.
pub(super) fn multiplied(channels: usize, depth_multiplier: usize) -> Result<usize> {
    channels.checked_mul(depth_multiplier).filter(|_| depth_multiplier > 0).ok_or_else(|| {
        let text = format!("`depth_multiplier` {depth_multiplier} does not fit {channels} channels");
        Error::new(ErrorKind::Usage, text)
    })
}

/// 1, for serde.
pub(super) fn one() -> usize {
    1
}

/// Defines a convolutional layer: the struct that is Keras' config (keys in Keras' order), `new`, builders, the entry of
/// the registry, and what [`Moves`] and [`After`](super::after::After) take from it.
macro_rules! convolution_layer {
    (
        $(#[$meta:meta])*
        $layer:ident<$axes:literal>($($argument:ident),*);
        first { $($(#[$first_serde:meta])* $first:ident = $first_default:expr),* }
        transpose { $($output_padding:ident)? }
        groups { $($groups:ident)? }
        weights {
            $($initializer:ident, $regularizer:ident, $constraint:ident;)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $layer {
            #[serde(default)]
            name: Option<String>,
            #[serde(default = "crate::layers::yes")]
            trainable: bool,
            #[serde(default)]
            dtype: crate::dtype_policy::DTypePolicy,
            $($(#[$first_serde])* $first: usize,)*
            kernel_size: crate::layers::spatial::Sizes<$axes>,
            #[serde(default = "crate::layers::spatial::Sizes::ones")]
            strides: crate::layers::spatial::Sizes<$axes>,
            #[serde(default)]
            padding: crate::layers::spatial::Padding,
            $(
                #[serde(default)]
                $output_padding: Option<crate::layers::spatial::Sizes<$axes>>,
            )?
            #[serde(default)]
            data_format: crate::layers::DataFormat,
            #[serde(default = "crate::layers::spatial::Sizes::ones")]
            dilation_rate: crate::layers::spatial::Sizes<$axes>,
            $(
                #[serde(default = "super::common::one")]
                $groups: usize,
            )?
            #[serde(
                default = "crate::activations::ActivationRef::linear",
                deserialize_with = "crate::activations::or_linear"
            )]
            activation: crate::activations::ActivationRef,
            #[serde(default = "crate::layers::yes")]
            use_bias: bool,
            $(
                #[serde(default = "crate::initializers::InitializerRef::glorot_uniform")]
                $initializer: crate::initializers::InitializerRef,
            )+
            #[serde(default = "crate::initializers::InitializerRef::zeros")]
            bias_initializer: crate::initializers::InitializerRef,
            $(
                #[serde(default)]
                $regularizer: Option<crate::regularizers::RegularizerRef>,
            )+
            #[serde(default)]
            bias_regularizer: Option<crate::regularizers::RegularizerRef>,
            #[serde(default)]
            activity_regularizer: Option<crate::regularizers::RegularizerRef>,
            $(
                #[serde(default)]
                $constraint: Option<crate::constraints::ConstraintRef>,
            )+
            #[serde(default)]
            bias_constraint: Option<crate::constraints::ConstraintRef>,
            #[serde(skip)]
            problem: crate::layers::Problem,
            #[serde(skip)]
            location: Option<&'static std::panic::Location<'static>>,
        }

        crate::layers::layer_entry!($layer);

        impl $layer {
            /// A layer with a kernel of this size, one number or one for each axis.
            #[must_use]
            #[track_caller]
            pub fn new(
                $($argument: usize,)*
                kernel_size: impl Into<crate::layers::spatial::Sizes<$axes>>,
            ) -> $layer {
                $layer {
                    name: None,
                    trainable: true,
                    dtype: crate::dtype_policy::DTypePolicy::FLOAT32,
                    $($first: $first_default,)*
                    kernel_size: kernel_size.into(),
                    strides: crate::layers::spatial::Sizes::ONES,
                    padding: crate::layers::spatial::Padding::Valid,
                    $($output_padding: None,)?
                    data_format: crate::layers::DataFormat::ChannelsLast,
                    dilation_rate: crate::layers::spatial::Sizes::ONES,
                    $($groups: 1,)?
                    activation: crate::activations::ActivationRef::linear(),
                    use_bias: true,
                    $($initializer: crate::initializers::InitializerRef::glorot_uniform(),)+
                    bias_initializer: crate::initializers::InitializerRef::zeros(),
                    $($regularizer: None,)+
                    bias_regularizer: None,
                    activity_regularizer: None,
                    $($constraint: None,)+
                    bias_constraint: None,
                    problem: None,
                    location: Some(std::panic::Location::caller()),
                }
            }

            crate::layers::layer_builders!();

            /// Positions from one place of the kernel to the next: 1 by default.
            #[must_use]
            pub fn strides(mut self, strides: impl Into<crate::layers::spatial::Sizes<$axes>>) -> $layer {
                self.strides = strides.into();
                self
            }

            /// What stands around the image: nothing (`Padding::Valid`) by default.
            #[must_use]
            pub fn padding(mut self, padding: crate::layers::spatial::Padding) -> $layer {
                self.padding = padding;
                self
            }

            $(
                /// How much larger the result is than the smallest that this layer could make, less than the strides; Keras'
                /// rule by default.
                #[must_use]
                pub fn $output_padding(mut self, sizes: impl Into<crate::layers::spatial::Sizes<$axes>>) -> $layer {
                    self.$output_padding = Some(sizes.into());
                    self
                }
            )?

            /// Where the channels stand: last by default.
            #[must_use]
            pub fn data_format(mut self, data_format: crate::layers::DataFormat) -> $layer {
                self.data_format = data_format;
                self
            }

            /// Distance of the kernel's positions from each other: 1 by default.
            #[must_use]
            pub fn dilation_rate(mut self, rate: impl Into<crate::layers::spatial::Sizes<$axes>>) -> $layer {
                self.dilation_rate = rate.into();
                self
            }

            $(
                /// Groups of channels that do not mix: 1 by default.
                #[must_use]
                pub fn $groups(mut self, groups: usize) -> $layer {
                    self.$groups = groups;
                    self
                }
            )?

            /// What is applied to the result, by Keras' name or as an object; an unknown name is an error when the layer is
            /// built.
            #[must_use]
            pub fn activation(
                mut self,
                activation: impl Into<crate::registry::Named<crate::activations::ActivationRef>>,
            ) -> $layer {
                crate::layers::set_named!(self.activation, activation);
                self
            }

            /// Whether a bias is added.
            #[must_use]
            pub fn use_bias(mut self, use_bias: bool) -> $layer {
                self.use_bias = use_bias;
                self
            }

            $(
                /// How these weights are first filled: `glorot_uniform` by default.
                #[must_use]
                pub fn $initializer(
                    mut self,
                    initializer: impl Into<crate::registry::Named<crate::initializers::InitializerRef>>,
                ) -> $layer {
                    crate::layers::set_named!(self.$initializer, initializer);
                    self
                }

                /// What the size of these weights adds to the loss.
                #[must_use]
                pub fn $regularizer(
                    mut self,
                    regularizer: impl Into<crate::registry::Named<crate::regularizers::RegularizerRef>>,
                ) -> $layer {
                    crate::layers::set_named!(self.$regularizer, regularizer);
                    self
                }

                /// What is done to these weights after each step.
                #[must_use]
                pub fn $constraint(
                    mut self,
                    constraint: impl Into<crate::registry::Named<crate::constraints::ConstraintRef>>,
                ) -> $layer {
                    crate::layers::set_named!(self.$constraint, constraint);
                    self
                }
            )+

            /// How the bias is first filled: zeros by default.
            #[must_use]
            pub fn bias_initializer(
                mut self,
                initializer: impl Into<crate::registry::Named<crate::initializers::InitializerRef>>,
            ) -> $layer {
                crate::layers::set_named!(self.bias_initializer, initializer);
                self
            }

            /// What the bias' size adds to the loss.
            #[must_use]
            pub fn bias_regularizer(
                mut self,
                regularizer: impl Into<crate::registry::Named<crate::regularizers::RegularizerRef>>,
            ) -> $layer {
                crate::layers::set_named!(self.bias_regularizer, regularizer);
                self
            }

            /// What the output's size adds to the loss, per row of the batch.
            #[must_use]
            pub fn activity_regularizer(
                mut self,
                regularizer: impl Into<crate::registry::Named<crate::regularizers::RegularizerRef>>,
            ) -> $layer {
                crate::layers::set_named!(self.activity_regularizer, regularizer);
                self
            }

            /// What is done to the bias after each step.
            #[must_use]
            pub fn bias_constraint(
                mut self,
                constraint: impl Into<crate::registry::Named<crate::constraints::ConstraintRef>>,
            ) -> $layer {
                crate::layers::set_named!(self.bias_constraint, constraint);
                self
            }

            fn moves(&self) -> super::common::Moves<'_> {
                super::common::Moves {
                    class_name: stringify!($layer),
                    kernel_size: &self.kernel_size.0,
                    strides: &self.strides.0,
                    dilation_rate: &self.dilation_rate.0,
                    padding: self.padding,
                }
            }

            fn after(&self) -> super::after::After<'_> {
                super::after::After {
                    use_bias: self.use_bias,
                    activation: &self.activation,
                    activity_regularizer: &self.activity_regularizer,
                    data_format: self.data_format,
                }
            }

            /// Checks the config and the input, and gives the channels.
            fn checked(&self, inputs: &[ceras_graph::TensorType]) -> crate::error::Result<usize> {
                if let Some(problem) = &self.problem {
                    return Err(problem.clone());
                }
                let input = crate::layers::single(stringify!($layer), inputs)?;
                self.moves().check(&input.shape)?;
                crate::layers::spatial::channels(stringify!($layer), &input.shape, self.data_format)
            }

            fn declare_bias(&self, cx: &mut crate::layers::BuildCx<'_>, features: usize) {
                if self.use_bias {
                    let bias = super::common::Declared {
                        name: "bias",
                        dims: vec![features],
                        initializer: &self.bias_initializer,
                        regularizer: &self.bias_regularizer,
                        constraint: &self.bias_constraint,
                    };
                    bias.declare(cx, self.dtype.dtype());
                }
            }

            /// The input as this layer's type, with the channels last.
            fn image(
                &self,
                cx: &mut crate::layers::CallCx<'_>,
                inputs: &[crate::layers::Traced],
            ) -> crate::error::Result<ceras_graph::Value> {
                let input = crate::layers::single(stringify!($layer), inputs)?;
                let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
                Ok(self.data_format.to_last(cx.graph(), x)?)
            }
        }
    };
}
pub(super) use convolution_layer;
