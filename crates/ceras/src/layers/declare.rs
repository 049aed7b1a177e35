//! What layers have alike: the struct that is the config, its builders, and the errors for what cannot be.

use ceras_graph::Shape;

use crate::error::{Error, ErrorKind, Result};
use crate::registry::Config;

/// Declares a layer whose struct is its config: Keras' first keys, then the layer's own ones, each with Keras' default.
///
/// `requires` names the keys that must stand in a file. `written` changes the config where Keras writes it otherwise.
/// Inside of the module, `made()` is a layer of defaults that knows the line that asked for it.
macro_rules! layer_struct {
    (
        $(#[$meta:meta])*
        $layer:ident requires [$($required:literal),*] $(written $written:path)? {
            $($(#[$attribute:meta])* $field:ident: $ty:ty = $default:expr,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields, default = "defaults")]
        pub struct $layer {
            name: Option<String>,
            trainable: bool,
            dtype: crate::dtype_policy::DTypePolicy,
            #[serde(skip_serializing_if = "Option::is_none")]
            activity_regularizer: Option<crate::regularizers::RegularizerRef>,
            $($(#[$attribute])* $field: $ty,)*
            #[serde(skip)]
            problem: crate::layers::Problem,
            #[serde(skip)]
            location: Option<&'static std::panic::Location<'static>>,
        }

        fn defaults() -> $layer {
            $layer {
                name: None,
                trainable: true,
                dtype: crate::dtype_policy::DTypePolicy::FLOAT32,
                activity_regularizer: None,
                $($field: $default,)*
                problem: None,
                location: None,
            }
        }

        /// A layer of defaults, made by the line that called the caller.
        #[track_caller]
        fn made() -> $layer {
            $layer { location: Some(std::panic::Location::caller()), ..defaults() }
        }

        /// The entry of the registry.
        pub(crate) static ENTRY: crate::registry::Entry<dyn crate::layers::Layer> = crate::registry::Entry {
            class_name: stringify!($layer),
            aliases: &[],
            parse: |config| {
                crate::layers::declare::require(config, &[$($required),*])?;
                crate::registry::parse_config::<$layer>(config).map(|layer| std::sync::Arc::new(layer) as _)
            },
        };

        impl crate::registry::Configurable for $layer {
            fn class_name(&self) -> &'static str {
                stringify!($layer)
            }

            fn config(&self) -> crate::registry::Config {
                let config = crate::registry::to_config(self);
                $(let config = $written(config);)?
                config
            }
        }

        impl $layer {
            crate::layers::layer_builders!();
            crate::layers::declare::activity_setter!();
        }
    };
}
pub(crate) use layer_struct;

/// The methods of [`Layer`](crate::layers::Layer) that every layer of [`layer_struct!`] has alike.
macro_rules! layer_methods {
    () => {
        crate::layers::layer_info!();

        fn activity_regularizer(&self) -> Option<&crate::regularizers::RegularizerRef> {
            self.activity_regularizer.as_ref()
        }
    };
}
pub(crate) use layer_methods;

/// The config in Keras' order: an activity regularizer that is given stands right behind `dtype`, where the base class
/// writes it; one that is not stands where the layer writes it, if at all.
pub(crate) fn in_order(mut config: crate::registry::Config) -> crate::registry::Config {
    const PLACE: usize = 3;
    if config.len() > PLACE
        && config.get("activity_regularizer").is_some_and(|regularizer| !regularizer.is_null())
    {
        let regularizer = config.shift_remove("activity_regularizer").unwrap_or_default();
        config.shift_insert(PLACE, "activity_regularizer".to_owned(), regularizer);
    }
    config
}

/// The builder method of the activity regularizer, for a layer with that field.
macro_rules! activity_setter {
    () => {
        crate::layers::declare::named_setters! {
            /// What the output's size adds to the loss, per row of the batch.
            activity_regularizer: crate::regularizers::RegularizerRef;
        }
    };
}
pub(crate) use activity_setter;

/// A builder method that sets a field.
macro_rules! setters {
    ($($(#[$doc:meta])* $field:ident: $ty:ty;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $field(mut self, $field: $ty) -> Self {
            self.$field = $field;
            self
        }
    )*};
}
pub(crate) use setters;

/// A builder method that sets an object by Keras' name or as it is; a wrong name is an error when the layer is built.
macro_rules! named_setters {
    ($($(#[$doc:meta])* $field:ident: $ty:ty;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $field(mut self, $field: impl Into<crate::registry::Named<$ty>>) -> Self {
            crate::layers::set_named!(self.$field, $field);
            self
        }
    )*};
}
pub(crate) use named_setters;

/// Fails when a key that has no default is not there.
pub(crate) fn require(config: &Config, keys: &[&str]) -> Result<()> {
    match keys.iter().find(|key| !config.contains_key(**key)) {
        None => Ok(()),
        Some(key) => {
            let text = format!("the config does not fit: missing field `{key}`");
            Err(Error::new(ErrorKind::File, text))
        }
    }
}

/// The error for an input that a layer cannot take.
pub(crate) fn misfit(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::Shape, text)
}

/// The error for an argument of a layer that cannot be.
pub(crate) fn unusable(text: impl Into<String>) -> Error {
    Error::new(ErrorKind::Usage, text)
}

/// Fails unless a number from 0 to 1 is one.
pub(crate) fn check_share(name: &str, value: f64) -> Result<()> {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    Err(unusable(format!("`{name}` must be from 0 to 1; it is {value}")))
}

/// Fails unless the input has so many axes.
pub(crate) fn check_rank(class_name: &str, shape: &Shape, rank: usize) -> Result<()> {
    if shape.rank() == rank {
        return Ok(());
    }
    Err(misfit(format!("{class_name} needs an input of rank {rank}; its shape is {shape}")))
}

/// One axis or several, as Keras' arguments `axis` are: negative ones count from the end.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum Axes {
    /// One axis, written as a number.
    One(i64),
    /// Several, written as a list.
    Many(Vec<i64>),
}

impl From<i64> for Axes {
    fn from(axis: i64) -> Axes {
        Axes::One(axis)
    }
}

impl<const N: usize> From<[i64; N]> for Axes {
    fn from(axes: [i64; N]) -> Axes {
        Axes::Many(axes.to_vec())
    }
}

impl From<&[i64]> for Axes {
    fn from(axes: &[i64]) -> Axes {
        Axes::Many(axes.to_vec())
    }
}

impl Axes {
    /// As they were given.
    pub(crate) fn given(&self) -> &[i64] {
        match self {
            Axes::One(axis) => std::slice::from_ref(axis),
            Axes::Many(axes) => axes,
        }
    }

    /// The axes of a shape, counted from the front, in the order in which they were given.
    ///
    /// # Errors
    /// There is no such axis, one is named twice, or there are none.
    pub(crate) fn of(&self, class_name: &str, shape: &Shape) -> Result<Vec<usize>> {
        let mut axes: Vec<usize> = Vec::new();
        for &axis in self.given() {
            let Some(index) = shape.axis(axis) else {
                return Err(misfit(format!("{class_name} has axis {axis}, and its input has shape {shape}")));
            };
            if axes.contains(&index) {
                return Err(misfit(format!(
                    "{class_name} has axis {axis} twice; its input has shape {shape}"
                )));
            }
            axes.push(index);
        }
        if axes.is_empty() {
            return Err(unusable(format!("{class_name} needs at least one axis")));
        }
        Ok(axes)
    }

    /// The same as [`Axes::of`] with the axes as Keras sorts them: the negative ones first.
    ///
    /// # Errors
    /// As [`Axes::of`].
    pub(crate) fn sorted(&self, class_name: &str, shape: &Shape) -> Result<Vec<usize>> {
        let mut given = self.given().to_vec();
        given.sort_unstable();
        Axes::Many(given).of(class_name, shape)
    }
}

/// The config with the activity regularizer in the middle of the layer's own keys where none is given.
pub(crate) fn with_open_activity_regularizer(mut config: crate::registry::Config) -> crate::registry::Config {
    const KEY: &str = "activity_regularizer";
    if !config.contains_key(KEY) {
        let place = config.keys().position(|key| key == "kernel_constraint").unwrap_or(config.len());
        config.shift_insert(place, KEY.to_owned(), serde_json::Value::Null);
    }
    config
}

/// A list that Keras also takes as its one item, and always writes as a list.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(from = "OneOrMany<T>", into = "Vec<T>")]
pub(crate) struct ListOf<T: Clone>(pub(crate) Vec<T>);

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

impl<T: Clone> From<OneOrMany<T>> for ListOf<T> {
    fn from(given: OneOrMany<T>) -> ListOf<T> {
        ListOf(match given {
            OneOrMany::One(item) => vec![item],
            OneOrMany::Many(items) => items,
        })
    }
}

impl<T: Clone> From<ListOf<T>> for Vec<T> {
    fn from(list: ListOf<T>) -> Vec<T> {
        list.0
    }
}

/// The dimensions of some axes, all of which must be known.
///
/// # Errors
/// One is not.
pub(crate) fn known_dims(class_name: &str, shape: &Shape, axes: &[usize]) -> Result<Vec<usize>> {
    let dim = |&axis: &usize| {
        shape.dim(axis).ok_or_else(|| {
            misfit(format!("{class_name} needs to know axis {axis} of its input; its shape is {shape}"))
        })
    };
    axes.iter().map(dim).collect()
}
