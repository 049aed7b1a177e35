//! The arguments of a call of an attention layer.

use serde_json::{Value as Json, json};

use crate::error::{Error, ErrorKind, Result};
use crate::registry::Config;

const CAUSAL: &str = "use_causal_mask";
const SCORES: &str = "return_attention_scores";

/// The arguments that are no tensors.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flags {
    /// No step of the query looks at later steps of the value.
    pub(super) causal: bool,
    /// The weights of the steps are a second output.
    pub(super) scores: bool,
}

impl Flags {
    /// The flags among a call's arguments; `tensors` are read elsewhere, and masks travel with their tensors.
    ///
    /// # Errors
    /// Another argument is there with a value.
    pub(super) fn read(class_name: &str, arguments: &Config, tensors: &[&str]) -> Result<Flags> {
        let mut flags = Flags::default();
        for (name, value) in arguments {
            match (name.as_str(), value) {
                (CAUSAL, Json::Bool(on)) => flags.causal = *on,
                (SCORES, Json::Bool(on)) => flags.scores = *on,
                ("training" | "mask", _) | (_, Json::Null) => {}
                (name, _) if tensors.contains(&name) => {}
                _ => {
                    let text = format!("{class_name} is called with `{name}`, which is not supported");
                    return Err(Error::new(ErrorKind::Unsupported, text));
                }
            }
        }
        Ok(flags)
    }

    /// The flags that are on, as arguments.
    pub(super) fn write(self) -> Config {
        let flags = [(CAUSAL, self.causal), (SCORES, self.scores)];
        flags.into_iter().filter(|(_, on)| *on).map(|(name, _)| (name.to_owned(), json!(true))).collect()
    }
}

/// The builder methods of the flags.
macro_rules! flag_setters {
    () => {
        /// Whether no step of the query looks at later steps of the value; an argument of the call in Keras.
        #[must_use]
        pub fn use_causal_mask(mut self, on: bool) -> Self {
            self.call.causal = on;
            self
        }

        /// Whether the weights of the steps are a second output; an argument of the call in Keras.
        #[must_use]
        pub fn return_attention_scores(mut self, on: bool) -> Self {
            self.call.scores = on;
            self
        }
    };
}
pub(super) use flag_setters;

/// `Called` for a layer whose arguments of a call are tensors in one list and the flags, and no others.
macro_rules! called_with_flags {
    ($type:ident) => {
        impl crate::layers::Called for $type {
            fn tensors(&self) -> &'static [&'static str] {
                &[]
            }

            fn called(
                &self,
                arguments: &crate::registry::Config,
            ) -> crate::error::Result<crate::layers::LayerRef> {
                let call = crate::layers::attention::call::Flags::read(stringify!($type), arguments, &[])?;
                Ok($type { call, ..self.clone() }.into())
            }

            fn node(&self, inputs: Vec<serde_json::Value>) -> (serde_json::Value, crate::registry::Config) {
                (serde_json::json!([inputs]), self.call.write())
            }
        }
    };
}
pub(super) use called_with_flags;
