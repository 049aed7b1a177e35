//! Keras' `Lambda` layers: read, recognised, never run.
//!
//! A `Lambda` is a Python function. A file holds its bytecode (of a lambda), which depends on the version of Python, or its
//! name alone. The bytecode is read as data: [`marshal`] takes the code object apart, [`bytecode`] follows what its
//! instructions name and combine, [`recognise`] finds the built-in layer that computes the same, for functions such as
//! `x / 255` or `tf.expand_dims(x, -1)`.

mod bytecode;
mod marshal;
mod recognise;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use self::bytecode::Expr;
use super::migrate::Words;
use super::tf_ops;

/// The built-in layer that computes what a `Lambda` does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Replacement {
    /// The function, as Python would write it.
    pub(crate) source: String,
    /// Keras' class.
    pub(crate) class_name: String,
    /// What its config has besides `name`, `trainable` and `dtype`.
    pub(crate) config: Map<String, Value>,
    /// Whether it gives the same numbers (up to rounding) for every input.
    pub(crate) exact: bool,
}

/// What is known of the function of a `Lambda`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Function {
    /// A built-in layer computes it.
    Known(Replacement),
    /// What it computes is known and no built-in layer's work: as Python would write it.
    Written(String),
    /// Only its name is in the file.
    Named(String),
    /// Code that cannot be read.
    Opaque,
}

/// Whether a layer is Keras' `Lambda`.
pub(crate) fn is_lambda(words: &Words) -> bool {
    words.class_name == "Lambda" && words.registered.is_none()
}

/// The function of a `Lambda`'s config, in whatever form Keras 2 or 3 wrote it.
pub(crate) fn function(config: &Map<String, Value>) -> Function {
    let given = config.get("arguments").and_then(Value::as_object).filter(|given| !given.is_empty());
    match of_code_or_name(config, given) {
        // Keras 2 wrote the code of TensorFlow's own functions too; their names are enough.
        (Function::Opaque, Some(name)) if text(config, "module").starts_with("tensorflow.") => {
            named(&name, given)
        }
        (function, _) => function,
    }
}

fn text<'a>(config: &'a Map<String, Value>, key: &str) -> &'a str {
    config.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The function, and the name that its code has.
fn of_code_or_name(
    config: &Map<String, Value>,
    given: Option<&Map<String, Value>>,
) -> (Function, Option<String>) {
    match config.get("function") {
        Some(Value::String(name)) => (named(name, given), None),
        Some(Value::Array(items)) => coded(items.first(), items.get(1), items.get(2), given),
        Some(Value::Object(map)) => match map.get("class_name").and_then(Value::as_str) {
            Some("__tuple__") => {
                let items = map.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
                coded(items.first(), items.get(1), items.get(2), given)
            }
            Some("__lambda__") => {
                let get = |key: &str| map.get("config").and_then(|config| config.get(key));
                coded(get("code"), get("defaults"), get("closure"), given)
            }
            Some("function") => match map.get("config").and_then(Value::as_str) {
                Some(name) => (named(name, given), None),
                None => (Function::Opaque, None),
            },
            _ => (Function::Opaque, None),
        },
        _ => (Function::Opaque, None),
    }
}

/// A function of which the file has the name: a call of that name.
fn named(name: &str, given: Option<&Map<String, Value>>) -> Function {
    let arguments = given.into_iter().flatten();
    let arguments = arguments.map(|(key, value)| Some((key.clone(), expression(value)?))).collect();
    let Some(arguments) = arguments else { return Function::Named(name.to_owned()) };
    let bare = name.rsplit('>').next().unwrap_or(name).to_owned();
    let call = Expr::Call(Box::new(Expr::Name(bare)), vec![Expr::Input(0)], arguments);
    match recognise::layer(&call) {
        Some(known) => Function::Known(known),
        None => Function::Named(name.to_owned()),
    }
}

/// A function of which the file has the code.
fn coded(
    code: Option<&Value>,
    defaults: Option<&Value>,
    closure: Option<&Value>,
    given: Option<&Map<String, Value>>,
) -> (Function, Option<String>) {
    let code = code.and_then(Value::as_str).and_then(marshal::base64);
    let Some(code) = code.and_then(|bytes| marshal::code(&bytes)) else { return (Function::Opaque, None) };
    let name = Some(code.name.clone());
    let Some(mut expr) = bytecode::result(&code) else { return (Function::Opaque, name) };
    let values = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let (defaults, closure) = (values(defaults), values(closure));
    let inputs = code.arguments.saturating_sub(defaults.len());
    let argument = |number: usize| {
        let by_name = given.and_then(|given| given.get(code.locals.get(number)?));
        by_name.or_else(|| defaults.get(number.checked_sub(inputs)?)).and_then(expression)
    };
    let free = |name: &str| {
        let place = code.free.iter().position(|free| free == name)?;
        expression(closure.get(place)?)
    };
    fill(&mut expr, &argument, &free);
    let function = match recognise::layer(&expr) {
        Some(known) => Function::Known(known),
        None => Function::Written(recognise::source(&expr).chars().take(200).collect()),
    };
    (function, name)
}

/// Puts in the values of arguments that have one, and of variables of the function around.
fn fill(expr: &mut Expr, argument: &dyn Fn(usize) -> Option<Expr>, free: &dyn Fn(&str) -> Option<Expr>) {
    let value = match expr {
        Expr::Input(number) if *number > 0 => argument(*number),
        Expr::Name(name) => free(name),
        _ => None,
    };
    if let Some(value) = value {
        *expr = value;
        return;
    }
    match expr {
        Expr::Attribute(inner, _) | Expr::Negative(inner) => fill(inner, argument, free),
        Expr::Tuple(items) | Expr::Slice(items) => {
            items.iter_mut().for_each(|item| fill(item, argument, free));
        }
        Expr::Binary(_, left, right) | Expr::Index(left, right) => {
            fill(left, argument, free);
            fill(right, argument, free);
        }
        Expr::Call(function, arguments, named) => {
            fill(function, argument, free);
            arguments.iter_mut().for_each(|item| fill(item, argument, free));
            named.iter_mut().for_each(|(_, item)| fill(item, argument, free));
        }
        _ => {}
    }
}

/// A plain JSON value as an expression.
fn expression(value: &Value) -> Option<Expr> {
    Some(match value {
        Value::Null => Expr::None,
        Value::Bool(value) => Expr::Bool(*value),
        Value::Number(number) => Expr::Number(number.as_f64()?),
        Value::String(text) => Expr::Text(text.clone()),
        Value::Array(items) => Expr::Tuple(items.iter().map(expression).collect::<Option<_>>()?),
        Value::Object(_) => return None,
    })
}

/// The description of the built-in layer in place of the `Lambda`'s.
pub(crate) fn replaced(words: &Words, replacement: &Replacement) -> Words {
    let mut config = Map::new();
    for key in ["name", "trainable", "dtype"] {
        if let Some(value) = words.config.get(key) {
            config.insert(key.to_owned(), value.clone());
        }
    }
    config.extend(replacement.config.clone());
    let is_op = matches!(replacement.class_name.as_str(), "ExpandDims" | "Squeeze");
    if is_op {
        config.retain(|key, _| key == "name" || key == "axis");
    }
    let nodes = match is_op {
        true => words.nodes.iter().map(tf_ops::plain_call).collect(),
        false => words.nodes.clone(),
    };
    Words {
        nodes,
        class_name: replacement.class_name.clone(),
        module: if is_op { "keras.src.ops.numpy" } else { "keras.layers" }.to_owned(),
        config,
        ..words.clone()
    }
}

impl Replacement {
    /// The layer as one would write it: `Rescaling(scale=0.5, offset=-1.0)`.
    pub(crate) fn call(&self) -> String {
        let arguments = self.config.iter().map(|(key, value)| format!("{key}={value}"));
        format!("{}({})", self.class_name, arguments.collect::<Vec<_>>().join(", "))
    }
}
