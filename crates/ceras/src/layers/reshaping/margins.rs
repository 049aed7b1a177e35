//! What the layers that pad, crop and repeat share.

use ceras_graph::{Dim, Graph, Shape, Value, compose, ops};

use crate::error::{Error, ErrorKind, Result};
use crate::layers::DataFormat;

/// The first axis of the positions.
fn first(format: DataFormat) -> usize {
    if format == DataFormat::ChannelsLast { 1 } else { 2 }
}

/// Zeros around the positions of an image.
pub(super) fn zero_pad(g: &mut Graph, x: Value, margins: &[[usize; 2]], format: DataFormat) -> Result<Value> {
    let rank = g.ty(x).shape.rank();
    let (mut low, mut high) = (vec![0i64; rank], vec![0i64; rank]);
    for (axis, [before, after]) in margins.iter().enumerate() {
        low[first(format) + axis] = i64::try_from(*before).unwrap_or(i64::MAX);
        high[first(format) + axis] = i64::try_from(*after).unwrap_or(i64::MAX);
    }
    let dtype = g.ty(x).dtype;
    let zero = compose::scalar(g, 0.0, dtype)?;
    Ok(ops::pad(g, x, zero, &low, &high, &vec![0; rank])?)
}

/// An image without some positions at its sides.
pub(super) fn crop(
    class_name: &str,
    g: &mut Graph,
    x: Value,
    margins: &[[usize; 2]],
    format: DataFormat,
) -> Result<Value> {
    let shape = g.ty(x).shape.clone();
    let (mut low, mut high) = (vec![0i64; shape.rank()], vec![0i64; shape.rank()]);
    for (axis, &[before, after]) in margins.iter().enumerate() {
        let at = first(format) + axis;
        if shape.dim(at).is_some_and(|positions| before.saturating_add(after) >= positions) {
            let text =
                format!("{class_name} cuts off {before} and {after} positions of an image of shape {shape}");
            return Err(Error::new(ErrorKind::Shape, text).hint("crop less than the image has"));
        }
        low[at] = -i64::try_from(before).unwrap_or(i64::MAX);
        high[at] = -i64::try_from(after).unwrap_or(i64::MAX);
    }
    let dtype = g.ty(x).dtype;
    let zero = compose::scalar(g, 0.0, dtype)?;
    Ok(ops::pad(g, x, zero, &low, &high, &vec![0; shape.rank()])?)
}

/// Each position of an image so many times, one after the other.
pub(super) fn repeat(g: &mut Graph, x: Value, sizes: &[usize], format: DataFormat) -> Result<Value> {
    let shape = g.ty(x).shape.clone();
    let first = first(format);
    let (mut wide, mut merged, mut axes): (Vec<Dim>, Vec<Dim>, Vec<usize>) = (vec![], vec![], vec![]);
    for (axis, &dim) in shape.dims().iter().enumerate() {
        axes.push(wide.len());
        wide.push(dim);
        let size = axis.checked_sub(first).and_then(|place| sizes.get(place));
        if let Some(&size) = size {
            wide.push(Some(size));
        }
        let size = size.copied().unwrap_or(1);
        let product = |dim: usize| {
            dim.checked_mul(size).ok_or_else(|| {
                let text = format!("an image of shape {shape} cannot be repeated {size} times");
                Error::new(ErrorKind::Shape, text)
            })
        };
        merged.push(dim.map(product).transpose()?);
    }
    let wide = ops::broadcast_in_dim(g, x, Shape::from(wide), &axes)?;
    Ok(ops::reshape(g, wide, Shape::from(merged))?)
}

/// Defines a layer of one setting for each side: the struct that is Keras' config, `new`, builders, entry and rule.
macro_rules! margin_layer {
    ($(#[$meta:meta])* $layer:ident<$axes:literal> { $field:ident: $default:literal $($format:ident)? } $rule:expr) => {
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
            #[serde(default = $default)]
            $field: crate::layers::spatial::Margins<$axes>,
            $(
                #[serde(default)]
                $format: crate::layers::DataFormat,
            )?
            #[serde(skip)]
            location: Option<&'static std::panic::Location<'static>>,
        }

        crate::layers::layer_entry!($layer);

        impl $layer {
            /// A layer with this much on each side: one number, one for each axis, or two for each axis.
            #[must_use]
            #[track_caller]
            pub fn new($field: impl Into<crate::layers::spatial::Margins<$axes>>) -> $layer {
                $layer {
                    name: None,
                    trainable: true,
                    dtype: crate::dtype_policy::DTypePolicy::FLOAT32,
                    $field: $field.into(),
                    $($format: crate::layers::DataFormat::ChannelsLast,)?
                    location: Some(std::panic::Location::caller()),
                }
            }

            crate::layers::layer_builders!();

            $(
                /// Where the channels stand: last by default.
                #[must_use]
                pub fn $format(mut self, $format: crate::layers::DataFormat) -> $layer {
                    self.$format = $format;
                    self
                }
            )?
        }

        impl crate::layers::Layer for $layer {
            crate::layers::layer_info!();

            fn build(
                &self,
                _: &mut crate::layers::BuildCx<'_>,
                inputs: &[ceras_graph::TensorType],
            ) -> crate::error::Result<()> {
                let name = stringify!($layer);
                crate::layers::spatial::rank_is(name, &crate::layers::single(name, inputs)?.shape, $axes)
            }

            fn call(
                &self,
                cx: &mut crate::layers::CallCx<'_>,
                inputs: &[crate::layers::Traced],
            ) -> crate::error::Result<Vec<crate::layers::Traced>> {
                let input = crate::layers::single(stringify!($layer), inputs)?;
                let x = cx.as_float(input.value, self.dtype.dtype(), "inputs")?;
                let rule: fn(&$layer, &mut ceras_graph::Graph, ceras_graph::Value) -> crate::error::Result<_> = $rule;
                Ok(vec![rule(self, cx.graph(), x)?.into()])
            }
        }
    };
}
pub(super) use margin_layer;
