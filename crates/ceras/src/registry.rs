//! Keras' words for objects: finding one by name or by config, and writing it back.
//!
//! Every family (layers, losses, optimizers, …) has one [`Registry`]: a static list of its classes. There is no global
//! registry to add to; a user's own classes are handed to the call that needs them.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::error::{Error, ErrorKind, Result};
use crate::nonfinite::{self, WithWords};

/// A Keras config: names of arguments and their values, in Keras' order.
pub type Config = Map<String, Value>;

/// What every configurable object of Keras can say of itself.
pub trait Configurable: fmt::Debug + Send + Sync {
    /// Keras' class name, such as `GlorotUniform`.
    fn class_name(&self) -> &'static str;

    /// Keras' config of this object, in Keras' order.
    fn config(&self) -> Config;

    /// The package and name that a user's own class is saved under, such as `my_package>Scale`; `None` for Keras' classes.
    fn registered_name(&self) -> Option<&str> {
        None
    }
}

/// One class of a family.
pub struct Entry<T: ?Sized + 'static> {
    /// Keras' class name.
    pub class_name: &'static str,
    /// The short names that Keras accepts besides, such as `glorot_uniform`.
    pub aliases: &'static [&'static str],
    /// Makes an object of a config.
    pub parse: fn(&Config) -> Result<Arc<T>>,
}

/// The classes of a family.
pub struct Registry<T: ?Sized + 'static> {
    /// What one is called, such as `loss`.
    pub kind: &'static str,
    /// Keras' module, such as `keras.losses`.
    pub module: &'static str,
    /// Whether names are found in upper and lower case alike, as Keras finds optimizers.
    pub any_case: bool,
    /// The classes.
    pub entries: &'static [&'static Entry<T>],
}

impl<T: ?Sized> Registry<T> {
    /// The class of that name or alias, with its defaults.
    ///
    /// # Errors
    /// There is none of that name; the error lists those there are and names the closest.
    pub fn by_name(&self, name: &str) -> Result<Arc<T>> {
        (self.find(name)?.parse)(&Config::new())
    }

    /// The object of a JSON value: a name, an envelope with `class_name` and `config`, or the envelope of a function, whose
    /// `class_name` is `function` and whose `config` is its name.
    ///
    /// # Errors
    /// The class is unknown or its config does not fit.
    pub fn from_json(&self, value: &Value) -> Result<Arc<T>> {
        match value {
            Value::String(name) => self.by_name(name),
            Value::Object(envelope) => {
                let class_name = envelope.get("class_name").and_then(Value::as_str).ok_or_else(|| {
                    Error::new(ErrorKind::File, format!("the {} has no `class_name`", self.kind))
                        .detail(short(value))
                })?;
                if let ("function", Some(Value::String(name))) = (class_name, envelope.get("config")) {
                    return self.by_name(name);
                }
                let empty = Config::new();
                let config = envelope.get("config").and_then(Value::as_object).unwrap_or(&empty);
                let entry =
                    self.find(class_name).map_err(|error| self.unknown_own(envelope).unwrap_or(error))?;
                (entry.parse)(config)
                    .map_err(|error| error.context(format!("in the {} `{class_name}`", self.kind)))
            }
            _ => {
                Err(Error::new(ErrorKind::File, format!("this is not a {}", self.kind)).detail(short(value)))
            }
        }
    }

    /// Whether there is a class of that name or alias.
    pub fn knows(&self, name: &str) -> bool {
        self.find(name).is_ok()
    }

    fn find(&self, name: &str) -> Result<&'static Entry<T>> {
        let same = |known: &str| known == name || (self.any_case && known.eq_ignore_ascii_case(name));
        let is = |entry: &&&Entry<T>| same(entry.class_name) || entry.aliases.iter().any(|alias| same(alias));
        self.entries.iter().find(is).copied().ok_or_else(|| self.unknown(name, &[]))
    }

    /// The error for an envelope of a user's own class that is not at hand.
    fn unknown_own(&self, envelope: &Config) -> Option<Error> {
        let registered = envelope.get("registered_name").and_then(Value::as_str)?;
        let (package, _) = registered.split_once('>').filter(|(package, _)| !package.starts_with("keras"))?;
        let text = format!("the {} `{registered}` is a class of `{package}`, no class of Keras'", self.kind);
        Some(Error::new(ErrorKind::Unsupported, text).hint("hand its class in, with `CustomObjects`"))
    }

    /// Every class's shortest name, sorted.
    pub fn names(&self) -> Vec<&'static str> {
        let mut names: Vec<&str> = self
            .entries
            .iter()
            .map(|entry| entry.aliases.first().copied().unwrap_or(entry.class_name))
            .collect();
        names.sort_unstable();
        names
    }

    /// The error for a name that is not known; `more` are words that stand for something without being in the list.
    pub(crate) fn unknown(&self, name: &str, more: &[&'static str]) -> Error {
        let known =
            self.entries.iter().flat_map(|entry| entry.aliases.iter().copied().chain([entry.class_name]));
        let mut names = [&self.names(), more].concat();
        names.sort_unstable();
        names.dedup();
        let error = Error::new(ErrorKind::Usage, format!("there is no {} `{name}`", self.kind))
            .detail(format!("there are: {}", names.join(", ")));
        error.suggest(name, known.chain(more.iter().copied()))
    }
}

/// Keras' envelope of an object: `{"module", "class_name", "config", "registered_name"}`.
pub fn envelope(module: &str, object: &(impl Configurable + ?Sized)) -> Value {
    json!({
        "module": module,
        "class_name": object.class_name(),
        "config": object.config(),
        "registered_name": object.registered_name(),
    })
}

/// A config struct from Keras' config; an unknown key is an error that names it, unless its value is null.
///
/// # Errors
/// A key that the struct does not know, a missing one, or a value of another type.
pub fn parse_config<T: serde::de::DeserializeOwned>(config: &Config) -> Result<T> {
    let parse = |config: &Config| {
        let value = Value::Object(config.clone());
        if nonfinite::anywhere(&value) {
            T::deserialize(WithWords(&value))
        } else {
            serde_json::from_value(value)
        }
    };
    let nulls = || config.iter().any(|(_, value)| value.is_null());
    match parse(config) {
        Ok(parsed) => Ok(parsed),
        Err(_) if nulls() => {
            // Keras writes null for "not given"; keys of other versions come as null too.
            let given = config.iter().filter(|(_, value)| !value.is_null());
            parse(&given.map(|(key, value)| (key.clone(), value.clone())).collect()).map_err(config_error)
        }
        Err(error) => Err(config_error(error)),
    }
}

/// The config of a config struct.
///
/// # Panics
/// If the struct does not serialise to a JSON object; all of ours do.
pub fn to_config(object: &impl serde::Serialize) -> Config {
    match nonfinite::to_value(object) {
        Ok(Value::Object(config)) => config,
        other => unreachable!("a config struct is a JSON object, not {other:?}"),
    }
}

fn config_error(error: serde_json::Error) -> Error {
    Error::new(ErrorKind::File, format!("the config does not fit: {error}"))
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 200 {
        text
    } else {
        format!("{}…", text.chars().take(200).collect::<String>())
    }
}

/// Declares the shared handle of a family: an `Arc` of its trait that is read from and written as Keras' JSON.
macro_rules! family {
    ($(#[$doc:meta])* $handle:ident, $trait:ident, $registry:ident, $to_json:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $handle(pub std::sync::Arc<dyn $trait>);

        impl std::ops::Deref for $handle {
            type Target = dyn $trait;

            fn deref(&self) -> &Self::Target {
                &*self.0
            }
        }

        impl<T: $trait + 'static> From<T> for $handle {
            fn from(object: T) -> $handle {
                $handle(std::sync::Arc::new(object))
            }
        }

        impl From<$handle> for $crate::registry::Named<$handle> {
            fn from(object: $handle) -> $crate::registry::Named<$handle> {
                $crate::registry::Named::Object(object)
            }
        }

        impl<T: $trait + 'static> From<T> for $crate::registry::Named<$handle> {
            fn from(object: T) -> $crate::registry::Named<$handle> {
                $crate::registry::Named::Object(object.into())
            }
        }

        impl $crate::registry::Named<$handle> {
            /// The object: the one given, or the one of that name.
            ///
            /// # Errors
            /// There is none of that name; the error lists those there are and names the closest.
            pub fn resolve(&self) -> $crate::error::Result<$handle> {
                match self {
                    $crate::registry::Named::Name(name) => $handle::by_name(name),
                    $crate::registry::Named::Object(object) => Ok(object.clone()),
                }
            }
        }

        impl $handle {
            /// The object of that Keras name, with its defaults.
            ///
            /// # Errors
            /// There is none of that name; the error lists those there are and names the closest.
            pub fn by_name(name: &str) -> $crate::error::Result<$handle> {
                $registry.by_name(name).map($handle)
            }

            /// The object of Keras' JSON: a name or an envelope.
            ///
            /// # Errors
            /// The class is unknown or its config does not fit.
            pub fn from_json(value: &serde_json::Value) -> $crate::error::Result<$handle> {
                $crate::saving::own(value).unwrap_or_else(|| $registry.from_json(value).map($handle))
            }

            /// Keras' JSON of the object.
            pub fn to_json(&self) -> serde_json::Value {
                let to_json: fn(&$handle) -> serde_json::Value = $to_json;
                to_json(self)
            }
        }

        impl serde::Serialize for $handle {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.to_json().serialize(serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $handle {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<$handle, D::Error> {
                let value = serde_json::Value::deserialize(deserializer)?;
                $handle::from_json(&value).map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use family;

/// A word that names an object, or the object itself: what `compile` and layers take.
#[derive(Clone, Debug)]
pub enum Named<T> {
    /// Keras' name, looked up later so that the error can say where it was wanted.
    Name(String),
    /// The object.
    Object(T),
}

impl<T> From<&str> for Named<T> {
    fn from(name: &str) -> Named<T> {
        Named::Name(name.to_owned())
    }
}

impl<T> From<String> for Named<T> {
    fn from(name: String) -> Named<T> {
        Named::Name(name)
    }
}
