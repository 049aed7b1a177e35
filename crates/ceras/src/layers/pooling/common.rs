//! What the pooling layers share: their config and builders, and how the windows follow from it.

use ceras_graph::{Shape, ops};

use crate::error::{Error, ErrorKind, Result};
use crate::layers::spatial::{Padding, rank_is};

/// How a layer's window slides, from its config.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slides<'a> {
    pub(super) class_name: &'static str,
    pub(super) pool_size: &'a [usize],
    pub(super) strides: &'a [usize],
    pub(super) padding: Padding,
}

impl Slides<'_> {
    /// That the config is one that Keras takes, and that the input has the right rank.
    pub(super) fn check(&self, shape: &Shape) -> Result<()> {
        rank_is(self.class_name, shape, self.pool_size.len())?;
        for (name, sizes) in [("pool_size", self.pool_size), ("strides", self.strides)] {
            if sizes.contains(&0) {
                return Err(Error::new(
                    ErrorKind::Usage,
                    format!("`{name}` must be 1 or more; it is {sizes:?}"),
                ));
            }
        }
        if self.padding == Padding::Causal {
            return Err(Error::new(ErrorKind::Usage, format!("{} has no causal padding", self.class_name)));
        }
        Ok(())
    }

    /// The window for an image with the channels last.
    pub(super) fn window(&self, image: &Shape) -> Result<ops::PoolWindow> {
        let around = |axis: usize| {
            let (size, stride) = (self.pool_size[axis], self.strides[axis]);
            self.padding.around(image.dim(axis + 1), size, stride)
        };
        let lost = |axis: &usize| {
            let (low, high) = around(*axis);
            image.dim(axis + 1).is_some_and(|positions| positions + low + high < self.pool_size[*axis])
        };
        if let Some(axis) = (0..self.pool_size.len()).find(lost) {
            let (size, positions) = (self.pool_size[axis], image.dim(axis + 1).unwrap_or(0));
            let text = format!(
                "the window of {} has {size} positions, but the image {positions}; its shape is {image}",
                self.class_name
            );
            let hint = "use a smaller `pool_size`, `padding` \"same\", or fewer layers that shrink the image";
            return Err(Error::new(ErrorKind::Shape, text).hint(hint));
        }
        let (low, high) = (0..self.pool_size.len()).map(around).unzip();
        Ok(ops::PoolWindow { dimensions: self.pool_size.to_vec(), strides: self.strides.to_vec(), low, high })
    }
}

/// Defines a pooling layer: the struct that is Keras' config, `new`, builders, the entry of the registry and the rule.
macro_rules! pooling_layer {
    ($(#[$meta:meta])* $layer:ident<$axes:literal>: $op:ident) => {
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
            #[serde(default = "super::common::two")]
            pool_size: crate::layers::spatial::Sizes<$axes>,
            #[serde(default)]
            padding: crate::layers::spatial::Padding,
            #[serde(default)]
            strides: Option<crate::layers::spatial::Sizes<$axes>>,
            #[serde(default)]
            data_format: crate::layers::DataFormat,
            #[serde(skip)]
            location: Option<&'static std::panic::Location<'static>>,
        }

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
                // Keras writes down the strides that follow from the size of the window.
                let strides = Some(self.strides.unwrap_or(self.pool_size));
                crate::registry::to_config(&$layer { strides, ..self.clone() })
            }
        }

        impl $layer {
            /// A layer with windows of this size, one number or one for each axis; the windows do not overlap unless
            /// `strides` says otherwise.
            #[must_use]
            #[track_caller]
            pub fn new(pool_size: impl Into<crate::layers::spatial::Sizes<$axes>>) -> $layer {
                $layer {
                    name: None,
                    trainable: true,
                    dtype: crate::dtype_policy::DTypePolicy::FLOAT32,
                    pool_size: pool_size.into(),
                    padding: crate::layers::spatial::Padding::Valid,
                    strides: None,
                    data_format: crate::layers::DataFormat::ChannelsLast,
                    location: Some(std::panic::Location::caller()),
                }
            }

            crate::layers::layer_builders!();

            /// From a window to the next: the window's size by default.
            #[must_use]
            pub fn strides(mut self, strides: impl Into<crate::layers::spatial::Sizes<$axes>>) -> $layer {
                self.strides = Some(strides.into());
                self
            }

            /// What windows may reach over: nothing outside of the image (`Padding::Valid`) by default.
            #[must_use]
            pub fn padding(mut self, padding: crate::layers::spatial::Padding) -> $layer {
                self.padding = padding;
                self
            }

            /// Where the channels stand: last by default.
            #[must_use]
            pub fn data_format(mut self, data_format: crate::layers::DataFormat) -> $layer {
                self.data_format = data_format;
                self
            }
        }

        impl crate::layers::Layer for $layer {
            crate::layers::layer_info!();

            fn build(
                &self,
                _: &mut crate::layers::BuildCx<'_>,
                inputs: &[ceras_graph::TensorType],
            ) -> crate::error::Result<()> {
                let input = crate::layers::single(stringify!($layer), inputs)?;
                let strides = self.strides.unwrap_or(self.pool_size);
                let slides = super::common::Slides {
                    class_name: stringify!($layer),
                    pool_size: &self.pool_size.0,
                    strides: &strides.0,
                    padding: self.padding,
                };
                slides.check(&input.shape)
            }

            fn call(
                &self,
                cx: &mut crate::layers::CallCx<'_>,
                inputs: &[crate::layers::Traced],
            ) -> crate::error::Result<Vec<crate::layers::Traced>> {
                let input = crate::layers::single(stringify!($layer), inputs)?;
                let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
                let x = self.data_format.to_last(cx.graph(), x)?;
                let strides = self.strides.unwrap_or(self.pool_size);
                let slides = super::common::Slides {
                    class_name: stringify!($layer),
                    pool_size: &self.pool_size.0,
                    strides: &strides.0,
                    padding: self.padding,
                };
                let window = slides.window(&cx.shape(x))?;
                let y = ceras_graph::ops::$op(cx.graph(), x, &window)?;
                Ok(vec![self.data_format.restore(cx.graph(), y)?.into()])
            }
        }
    };
}
pub(super) use pooling_layer;

/// 2 for each axis, for serde.
pub(super) fn two<const N: usize>() -> crate::layers::spatial::Sizes<N> {
    crate::layers::spatial::Sizes([2; N])
}

/// Defines a global pooling layer: the struct that is Keras' config, `new`, builders and the entry of the registry.
macro_rules! global_pooling_layer {
    ($(#[$meta:meta])* $layer:ident<$axes:literal>) => {
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
            #[serde(default)]
            data_format: crate::layers::DataFormat,
            #[serde(default)]
            keepdims: bool,
            #[serde(skip)]
            location: Option<&'static std::panic::Location<'static>>,
        }

        crate::layers::layer_entry!($layer);

        impl $layer {
            /// A layer that pools over all positions.
            #[must_use]
            #[track_caller]
            #[allow(clippy::new_without_default, reason = "`new` records where the layer was made")]
            pub fn new() -> $layer {
                $layer {
                    name: None,
                    trainable: true,
                    dtype: crate::dtype_policy::DTypePolicy::FLOAT32,
                    data_format: crate::layers::DataFormat::ChannelsLast,
                    keepdims: false,
                    location: Some(std::panic::Location::caller()),
                }
            }

            crate::layers::layer_builders!();

            /// Where the channels stand: last by default.
            #[must_use]
            pub fn data_format(mut self, data_format: crate::layers::DataFormat) -> $layer {
                self.data_format = data_format;
                self
            }

            /// Whether the axes stay, with one position each.
            #[must_use]
            pub fn keepdims(mut self, keepdims: bool) -> $layer {
                self.keepdims = keepdims;
                self
            }

            /// The axes of the positions.
            fn axes(&self) -> Vec<usize> {
                let first = if self.data_format == crate::layers::DataFormat::ChannelsLast { 1 } else { 2 };
                (first..first + $axes).collect()
            }
        }
    };
}
pub(super) use global_pooling_layer;
