//! From what a function computes to the built-in layer that computes the same.

use serde_json::{Value, json};

use super::Replacement;
use super::bytecode::Expr;

/// The built-in layer for a function of one argument.
pub(super) fn layer(expr: &Expr) -> Option<Replacement> {
    let source = source(expr);
    let made = affine(expr).map(rescaling).or_else(|| known_call(expr)).or_else(|| merging(expr))?;
    Some(Replacement { source, ..made })
}

fn made(class_name: &str, config: Value) -> Replacement {
    let config = config.as_object().cloned().unwrap_or_default();
    Replacement { source: String::new(), class_name: class_name.to_owned(), config, exact: true }
}

fn rescaling((scale, offset): (f64, f64)) -> Replacement {
    if (scale, offset) == (1.0, 0.0) {
        return made("Identity", json!({}));
    }
    made("Rescaling", json!({"scale": scale, "offset": offset}))
}

/// The scale and the offset of a function that is `scale · x + offset`.
fn affine(expr: &Expr) -> Option<(f64, f64)> {
    let finite = |(scale, offset): (f64, f64)| scale.is_finite() && offset.is_finite() && scale != 0.0;
    let pair = match expr {
        Expr::Input(0) => (1.0, 0.0),
        Expr::Negative(inner) => affine(inner).map(|(scale, offset)| (-scale, -offset))?,
        Expr::Binary(operator, left, right) => combine(operator, left, right)?,
        Expr::Call(function, arguments, named) => match (last_name(function)?, &arguments[..]) {
            ("cast" | "to_float", [x]) if is_float32(named) => affine(x)?,
            ("cast", [x, Expr::Text(dtype)]) if dtype == "float32" => affine(x)?,
            ("cast", [x, dtype]) if last_name(dtype) == Some("float32") => affine(x)?,
            ("identity" | "stop_gradient", [x]) if named.is_empty() => affine(x)?,
            ("add", [left, right]) => combine("+", left, right)?,
            ("subtract", [left, right]) => combine("-", left, right)?,
            ("multiply", [left, right]) => combine("*", left, right)?,
            ("divide" | "truediv", [left, right]) => combine("/", left, right)?,
            _ => return None,
        },
        _ => return None,
    };
    finite(pair).then_some(pair)
}

fn is_float32(named: &[(String, Expr)]) -> bool {
    match named {
        [(name, Expr::Text(dtype))] => name == "dtype" && dtype == "float32",
        [(name, dtype)] => name == "dtype" && last_name(dtype) == Some("float32"),
        [] => false,
        _ => false,
    }
}

fn combine(operator: &str, left: &Expr, right: &Expr) -> Option<(f64, f64)> {
    match (number(left), number(right)) {
        (None, Some(c)) => {
            let (scale, offset) = affine(left)?;
            Some(match operator {
                "+" => (scale, offset + c),
                "-" => (scale, offset - c),
                "*" => (scale * c, offset * c),
                "/" => (scale / c, offset / c),
                _ => return None,
            })
        }
        (Some(c), None) => {
            let (scale, offset) = affine(right)?;
            Some(match operator {
                "+" => (scale, offset + c),
                "-" => (-scale, c - offset),
                "*" => (scale * c, offset * c),
                _ => return None,
            })
        }
        _ => None,
    }
}

/// The number that an expression without the input is.
fn number(expr: &Expr) -> Option<f64> {
    Some(match expr {
        Expr::Number(number) => *number,
        Expr::Negative(inner) => -number(inner)?,
        Expr::Binary(operator, left, right) => {
            let (left, right) = (number(left)?, number(right)?);
            match *operator {
                "+" => left + right,
                "-" => left - right,
                "*" => left * right,
                "/" => left / right,
                "**" => left.powf(right),
                _ => return None,
            }
        }
        _ => return None,
    })
}

/// The last name of a dotted one: `resize` of `tf.image.resize`.
fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) | Expr::Attribute(_, name) => Some(name),
        _ => None,
    }
}

/// The arguments of a call by the names that the function has for them; `None` where one is not a plain value.
struct Arguments<'a> {
    positional: &'a [Expr],
    named: &'a [(String, Expr)],
}

impl Arguments<'_> {
    fn get(&self, position: usize, names: &[&str]) -> Option<&Expr> {
        let named = self.named.iter().find(|(name, _)| names.contains(&name.as_str()));
        self.positional.get(position).or(named.map(|(_, value)| value))
    }

    fn integer(&self, position: usize, names: &[&str]) -> Option<i64> {
        self.get(position, names).and_then(integer)
    }

    /// Whether all names of arguments are among these.
    fn only(&self, names: &[&str]) -> bool {
        self.named.iter().all(|(name, _)| names.contains(&name.as_str()))
    }
}

fn integer(expr: &Expr) -> Option<i64> {
    number(expr).filter(|number| number.fract() == 0.0 && number.abs() < 1e9).map(|number| number as i64)
}

fn integers(expr: &Expr) -> Option<Vec<i64>> {
    match expr {
        Expr::Tuple(items) => items.iter().map(integer).collect(),
        one => integer(one).map(|one| vec![one]),
    }
}

const AXIS: &[&str] = &["axis", "dim", "axes"];

/// A call of a well-known function with the input itself as its first argument.
fn known_call(expr: &Expr) -> Option<Replacement> {
    let Expr::Call(function, positional, named) = expr else { return None };
    if positional.first() != Some(&Expr::Input(0)) {
        return None;
    }
    let arguments = Arguments { positional, named };
    let name = last_name(function)?;
    match name {
        "relu" | "sigmoid" | "tanh" | "softmax" | "softplus" | "softsign" | "elu" | "selu" | "gelu"
        | "silu" | "swish" | "relu6" | "log_softmax" | "exp"
            if positional.len() == 1 && named.is_empty() =>
        {
            let activation = match name {
                "swish" => "silu",
                "exp" => "exponential",
                name => name,
            };
            Some(made("Activation", json!({"activation": activation})))
        }
        "expand_dims" if arguments.only(AXIS) => {
            let axis = match arguments.get(1, AXIS) {
                Some(axis) => integer(axis)?,
                None => -1,
            };
            Some(made("ExpandDims", json!({"axis": axis})))
        }
        "squeeze" if arguments.only(AXIS) => {
            Some(made("Squeeze", json!({"axis": arguments.integer(1, AXIS)?})))
        }
        "batch_flatten" | "flatten" if positional.len() == 1 && named.is_empty() => {
            Some(made("Flatten", json!({})))
        }
        "reshape" => reshape(&arguments),
        "transpose" | "permute_dimensions" => permute(&arguments),
        "resize" | "resize_images" | "resize_bilinear" | "resize_with_pad" => resizing(name, &arguments),
        "l2_normalize" if arguments.only(AXIS) => {
            Some(made("UnitNormalization", json!({"axis": arguments.integer(1, AXIS)?})))
        }
        "reduce_mean" | "mean" => pooling("Average", &arguments),
        "reduce_max" | "max" => pooling("Max", &arguments),
        _ => None,
    }
}

fn reshape(arguments: &Arguments<'_>) -> Option<Replacement> {
    let shape = integers(arguments.get(1, &["shape", "newshape"])?)?;
    let (batch, rest) = shape.split_first()?;
    if *batch != -1
        || rest.is_empty()
        || rest.iter().any(|dim| *dim < 1)
        || !arguments.only(&["shape", "newshape"])
    {
        return None;
    }
    Some(made("Reshape", json!({"target_shape": rest})))
}

fn permute(arguments: &Arguments<'_>) -> Option<Replacement> {
    let names = &["perm", "pattern", "axes"];
    let axes = integers(arguments.get(1, names)?)?;
    let (batch, rest) = axes.split_first()?;
    if *batch != 0 || rest.is_empty() || !arguments.only(names) {
        return None;
    }
    Some(made("Permute", json!({"dims": rest})))
}

/// TensorFlow's `image.resize(x, (height, width), method)` and `resize_with_pad(x, height, width)`, Keras' `image.resize`.
fn resizing(name: &str, arguments: &Arguments<'_>) -> Option<Replacement> {
    let with_pad = name == "resize_with_pad";
    let (height, width, method) = if with_pad {
        let height = arguments.integer(1, &["target_height"])?;
        (height, arguments.integer(2, &["target_width"])?, arguments.get(3, &["method"]))
    } else {
        let names = &["size", "target_size"];
        let [height, width] = integers(arguments.get(1, names)?)?[..] else { return None };
        (height, width, arguments.get(2, &["method", "interpolation"]))
    };
    let known =
        ["size", "target_size", "target_height", "target_width", "method", "interpolation", "antialias"];
    let plain = |(name, value): &(String, Expr)| name != "antialias" || value == &Expr::Bool(false);
    if height < 1 || width < 1 || !arguments.only(&known) || !arguments.named.iter().all(plain) {
        return None;
    }
    let interpolation = match method {
        None => "bilinear",
        Some(Expr::Text(text)) => match text.as_str() {
            "bilinear" | "nearest" | "bicubic" | "lanczos3" | "lanczos5" => text,
            _ => return None,
        },
        Some(method) => match last_name(method)? {
            "BILINEAR" => "bilinear",
            "NEAREST_NEIGHBOR" => "nearest",
            "BICUBIC" => "bicubic",
            _ => return None,
        },
    };
    let mut config = json!({"height": height, "width": width, "interpolation": interpolation});
    if with_pad {
        config["pad_to_aspect_ratio"] = json!(true);
    }
    let mut replacement = made("Resizing", config);
    // Keras' layer pads before it resizes, TensorFlow's function after it.
    replacement.exact = !with_pad;
    Some(replacement)
}

/// A mean or a maximum over all places of each channel.
fn pooling(kind: &str, arguments: &Arguments<'_>) -> Option<Replacement> {
    let kept = &["keepdims", "keep_dims"];
    if !arguments.only(&["axis", "keepdims", "keep_dims"]) {
        return None;
    }
    let axes = integers(arguments.get(1, &["axis"])?)?;
    let dimensions = match axes[..] {
        [1] => 1,
        [1, 2] => 2,
        [1, 2, 3] => 3,
        _ => return None,
    };
    let keepdims = match arguments.get(2, kept) {
        None => false,
        Some(Expr::Bool(keepdims)) => *keepdims,
        Some(_) => return None,
    };
    let mut replacement = made(&format!("Global{kind}Pooling{dimensions}D"), json!({"keepdims": keepdims}));
    // Over one axis, the layer needs the input to have just one besides the batch and the channels.
    replacement.exact = dimensions > 1;
    Some(replacement)
}

/// `x[0] + x[1]` and the like, of a list of two inputs.
fn merging(expr: &Expr) -> Option<Replacement> {
    let item = |expr: &Expr, number: f64| matches!(expr, Expr::Index(of, index) if **of == Expr::Input(0) && **index == Expr::Number(number));
    match expr {
        Expr::Binary(operator, left, right) if item(left, 0.0) && item(right, 1.0) => {
            let class_name = match *operator {
                "+" => "Add",
                "-" => "Subtract",
                "*" => "Multiply",
                _ => return None,
            };
            Some(made(class_name, json!({})))
        }
        Expr::Call(function, arguments, named) => {
            let axis = match (&arguments[..], &named[..]) {
                ([_, axis], []) => integer(axis)?,
                ([_], [(name, axis)]) if name == "axis" => integer(axis)?,
                ([_], []) => -1,
                _ => return None,
            };
            let all = match &arguments[0] {
                Expr::Tuple(items) => {
                    items.len() > 1 && items.iter().enumerate().all(|(n, one)| item(one, n as f64))
                }
                _ => false,
            };
            let is_concatenation = matches!(last_name(function)?, "concat" | "concatenate");
            (all && is_concatenation).then(|| made("Concatenate", json!({"axis": axis})))
        }
        _ => None,
    }
}

/// The expression as Python would write it.
pub(super) fn source(expr: &Expr) -> String {
    let list = |items: &[Expr]| items.iter().map(source).collect::<Vec<_>>().join(", ");
    match expr {
        Expr::Input(0) => "x".to_owned(),
        Expr::Input(number) => format!("x{number}"),
        Expr::Number(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:.0}"),
        Expr::Number(number) => crate::saving::python_json::repr(*number),
        Expr::Text(text) => format!("{text:?}"),
        Expr::Bool(true) => "True".to_owned(),
        Expr::Bool(false) => "False".to_owned(),
        Expr::None => "None".to_owned(),
        Expr::Name(name) => name.clone(),
        Expr::Attribute(of, name) => format!("{}.{name}", operand(of)),
        Expr::Tuple(items) if items.len() == 1 => format!("({},)", source(&items[0])),
        Expr::Tuple(items) => format!("({})", list(items)),
        Expr::Negative(inner) => format!("-{}", operand(inner)),
        Expr::Binary(operator, left, right) => {
            // A product or quotient binds tighter than the sum that it stands in.
            let left = match (&**left, *operator) {
                (Expr::Binary("*" | "/", ..), "+" | "-") => source(left),
                _ => operand(left),
            };
            format!("{left} {operator} {}", operand(right))
        }
        Expr::Index(of, index) => match &**index {
            Expr::Tuple(items) => format!("{}[{}]", operand(of), list(items)),
            index => format!("{}[{}]", operand(of), source(index)),
        },
        Expr::Slice(parts) => {
            let part = |part: &Expr| if *part == Expr::None { String::new() } else { source(part) };
            parts.iter().map(part).collect::<Vec<_>>().join(":")
        }
        Expr::Call(function, arguments, named) => {
            let named = named.iter().map(|(name, value)| format!("{name}={}", source(value)));
            let arguments: Vec<String> = arguments.iter().map(source).chain(named).collect();
            format!("{}({})", operand(function), arguments.join(", "))
        }
    }
}

fn operand(expr: &Expr) -> String {
    match expr {
        Expr::Binary(..) | Expr::Negative(_) => format!("({})", source(expr)),
        expr => source(expr),
    }
}
