//! Initializers: how a weight is first filled.

mod constant;
mod fans;
mod glorot_normal;
mod glorot_uniform;
mod he_normal;
mod he_uniform;
mod identity;
mod lecun_normal;
mod lecun_uniform;
mod ones;
mod orthogonal;
mod random_normal;
mod random_uniform;
mod seed;
mod stft;
mod truncated_normal;
mod variance_scaling;
mod windows;
mod zeros;

use ceras_graph::{DType, Tensor};

use crate::error::Result;
use crate::random::{Random, mix};
use crate::registry::{Configurable, Registry, envelope, family};

pub use constant::Constant;
pub use fans::{Fans, compute_fans};
pub use glorot_normal::GlorotNormal;
pub use glorot_uniform::GlorotUniform;
pub use he_normal::HeNormal;
pub use he_uniform::HeUniform;
pub use identity::Identity;
pub use lecun_normal::LecunNormal;
pub use lecun_uniform::LecunUniform;
pub use ones::Ones;
pub use orthogonal::Orthogonal;
pub use random_normal::RandomNormal;
pub use random_uniform::RandomUniform;
pub use seed::Seed;
pub use stft::{Scaling, Side, Stft, Window};
pub use truncated_normal::TruncatedNormal;
pub use variance_scaling::{Distribution, Mode, VarianceScaling};
pub use zeros::Zeros;

/// What an initializer is asked for.
#[derive(Clone, Copy, Debug)]
pub struct InitCx<'a> {
    /// The dimensions of the weight.
    pub dims: &'a [usize],
    /// Its type.
    pub dtype: DType,
    /// The model's seed.
    pub seed: u64,
    /// The weight's own stream of random numbers.
    pub stream: u64,
}

impl InitCx<'_> {
    /// The random numbers of this weight: those of the initializer's own seed when it has one, which are then the same
    /// for every weight.
    pub fn random(&self, own: Option<&Seed>) -> Random {
        match own.and_then(Seed::number) {
            Some(seed) => Random::new(mix(seed), 0),
            None => Random::new(self.seed, self.stream),
        }
    }

    /// A tensor of these dimensions whose elements are drawn one after another.
    ///
    /// # Errors
    /// The dimensions are too large.
    pub fn fill(&self, mut draw: impl FnMut() -> f64) -> Result<Tensor> {
        // The zeros tell whether the dimensions can be at all.
        let count = Tensor::zeros(DType::Bool, self.dims)?.len();
        let elements: Vec<f64> = (0..count).map(|_| draw()).collect();
        Ok(Tensor::new(self.dims, elements)?.cast(self.dtype))
    }
}

/// How a weight is first filled.
pub trait Initializer: Configurable {
    /// The first value of a weight.
    ///
    /// # Errors
    /// The initializer does not make weights of such dimensions.
    fn sample(&self, cx: &InitCx<'_>) -> Result<Tensor>;
}

/// The initializers that a config may name.
pub static INITIALIZERS: Registry<dyn Initializer> = Registry {
    kind: "initializer",
    module: "keras.initializers",
    any_case: false,
    entries: &[
        &zeros::ENTRY,
        &ones::ENTRY,
        &constant::ENTRY,
        &identity::ENTRY,
        &random_normal::ENTRY,
        &random_uniform::ENTRY,
        &truncated_normal::ENTRY,
        &variance_scaling::ENTRY,
        &glorot_normal::ENTRY,
        &glorot_uniform::ENTRY,
        &he_normal::ENTRY,
        &he_uniform::ENTRY,
        &lecun_normal::ENTRY,
        &lecun_uniform::ENTRY,
        &orthogonal::ENTRY,
        &stft::ENTRY,
    ],
};

family! {
    /// A shared handle of an initializer.
    InitializerRef, Initializer, INITIALIZERS,
    |initializer| envelope("keras.initializers", &*initializer.0)
}

impl InitializerRef {
    /// Zeros, Keras' default for biases.
    pub fn zeros() -> InitializerRef {
        Zeros.into()
    }

    /// Ones.
    pub fn ones() -> InitializerRef {
        Ones.into()
    }

    /// Glorot's uniform distribution, Keras' default for kernels.
    pub fn glorot_uniform() -> InitializerRef {
        GlorotUniform::new().into()
    }

    /// Orthogonal rows or columns, Keras' default for recurrent kernels.
    pub fn orthogonal() -> InitializerRef {
        Orthogonal::new().into()
    }

    /// A uniform distribution from −0.05 to 0.05, Keras' default for embeddings.
    pub fn uniform() -> InitializerRef {
        RandomUniform::new().into()
    }
}

/// An entry of [`INITIALIZERS`] and the config of a struct that is its own config.
macro_rules! configurable {
    ($type:ident, $aliases:expr) => {
        $crate::initializers::configurable!($type, stringify!($type), $aliases);
    };
    ($type:ident, $class:expr, $aliases:expr) => {
        pub(super) static ENTRY: $crate::registry::Entry<dyn $crate::initializers::Initializer> =
            $crate::registry::Entry {
                class_name: $class,
                aliases: $aliases,
                parse: |config| {
                    let initializer = $crate::registry::parse_config::<$type>(config)?;
                    Ok(std::sync::Arc::new(initializer))
                },
            };

        impl $crate::registry::Configurable for $type {
            fn class_name(&self) -> &'static str {
                $class
            }

            fn config(&self) -> $crate::registry::Config {
                $crate::registry::to_config(self)
            }
        }
    };
}
pub(crate) use configurable;

/// Declares a variance scaling initializer of fixed scale, mode and distribution.
macro_rules! scaled {
    ($(#[$doc:meta])* $type:ident, $aliases:expr, $scale:expr, $mode:ident, $distribution:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $type {
            seed: Option<$crate::initializers::Seed>,
            input_axes: Option<Vec<i64>>,
            output_axes: Option<Vec<i64>>,
        }

        $crate::initializers::configurable!($type, $aliases);

        impl $type {
            /// The initializer with Keras' defaults.
            #[must_use]
            pub fn new() -> $type {
                $type::default()
            }

            /// The same with its own seed: every weight that it fills is then filled alike.
            #[must_use]
            pub fn seed(mut self, seed: i64) -> $type {
                self.seed = Some(seed.into());
                self
            }
        }

        impl $crate::initializers::Initializer for $type {
            fn sample(&self, cx: &$crate::initializers::InitCx<'_>) -> $crate::error::Result<ceras_graph::Tensor> {
                let fans = $crate::initializers::compute_fans(
                    cx.dims,
                    self.input_axes.as_deref(),
                    self.output_axes.as_deref(),
                )?;
                $crate::initializers::variance_scaling::sample(
                    cx,
                    self.seed.as_ref(),
                    $crate::initializers::Mode::$mode.scale($scale, fans),
                    $crate::initializers::Distribution::$distribution,
                )
            }
        }
    };
}
pub(crate) use scaled;

#[cfg(test)]
mod tests;
