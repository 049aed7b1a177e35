//! Layers that make one of several inputs.

pub mod add;
pub mod average;
pub mod concatenate;
pub mod dot;
pub mod maximum;
pub mod minimum;
pub mod multiply;
pub mod subtract;

pub use add::Add;
pub use average::Average;
pub use concatenate::Concatenate;
pub use dot::Dot;
pub use maximum::Maximum;
pub use minimum::Minimum;
pub use multiply::Multiply;
pub use subtract::Subtract;

use ceras_graph::{DType, Dim, Graph, GraphError, Shape, TensorType, Value, compose};

use crate::error::{Error, Result};
use crate::layers::declare::misfit;
use crate::layers::{CallCx, Traced};

/// A function of two values that broadcast to one shape.
type Binary = fn(&mut Graph, Value, Value) -> Result<Value, GraphError>;

/// The error for inputs that a layer cannot merge: the rule, then every input's shape.
fn no_merge(rule: String, inputs: &[TensorType]) -> Error {
    let shapes = inputs.iter().enumerate().map(|(number, input)| format!("  input {number}   {input}"));
    misfit(rule).detail(shapes.collect::<Vec<String>>().join("\n"))
}

/// Fails unless the inputs broadcast to one shape: batches of one size, the other axes aligned at the last.
///
/// # Errors
/// There is no input, one has no batch axis, or two do not fit.
fn check_elementwise(class_name: &str, inputs: &[TensorType]) -> Result<()> {
    let Some(first) = inputs.first() else {
        return Err(misfit(format!("{class_name} needs at least one input; it is given none")));
    };
    if let Some(number) = inputs.iter().position(|input| input.shape.rank() == 0) {
        return Err(no_merge(
            format!("{class_name} needs inputs with a batch axis; input {number} is a scalar"),
            inputs,
        ));
    }
    let mut batch = first.shape.dim(0);
    let mut common: Vec<Dim> = first.shape.dims()[1..].to_vec();
    for (number, input) in inputs.iter().enumerate().skip(1) {
        let own = input.shape.dim(0);
        if batch.is_some() && own.is_some() && batch != own {
            let rule = format!(
                "{class_name} needs batches of one size; input {number} has another than those before it"
            );
            return Err(no_merge(rule, inputs));
        }
        batch = batch.or(own);
        common = broadcast(&common, &input.shape.dims()[1..]).map_err(|back| {
            let rule =
                format!("the inputs of {class_name} must have equal dimensions, or 1, along each axis");
            no_merge(format!("{rule}; axis -{back} of input {number} does not fit those before it"), inputs)
        })?;
    }
    Ok(())
}

/// The shape that two broadcast to, aligned at the last axes; the axis, counted from the end, where they do not.
fn broadcast(a: &[Dim], b: &[Dim]) -> Result<Vec<Dim>, usize> {
    let rank = a.len().max(b.len());
    let from_end =
        |dims: &[Dim], back: usize| dims.len().checked_sub(back).map_or(Some(1), |axis| dims[axis]);
    let mut dims = Vec::with_capacity(rank);
    for back in (1..=rank).rev() {
        dims.push(match (from_end(a, back), from_end(b, back)) {
            (Some(1), other) | (other, Some(1)) => other,
            (Some(a), Some(b)) if a != b => return Err(back),
            (a, b) => a.or(b),
        });
    }
    Ok(dims)
}

/// The inputs in one type, and in one rank: axes of one element come after the batch, as in Keras.
fn aligned(cx: &mut CallCx<'_>, inputs: &[Traced], dtype: DType) -> Result<Vec<Traced>> {
    let rank = inputs.iter().map(|input| cx.shape(input.value).rank()).max().unwrap_or(0);
    let inputs = in_one_type(cx, inputs, dtype)?;
    let expand = |input: Traced| -> Result<Traced> {
        let mut value = input.value;
        while cx.shape(value).rank() < rank {
            value = compose::expand_dims(cx.graph(), value, 1)?;
        }
        Ok(Traced { value, mask: input.mask })
    };
    inputs.into_iter().map(expand).collect()
}

/// The inputs as they are when they all have one type, else in the layer's.
fn in_one_type(cx: &mut CallCx<'_>, inputs: &[Traced], dtype: DType) -> Result<Vec<Traced>> {
    let first = inputs.first().map(|input| cx.ty(input.value).dtype);
    if inputs.iter().all(|input| Some(cx.ty(input.value).dtype) == first) {
        return Ok(inputs.to_vec());
    }
    let convert = |(number, input): (usize, &Traced)| -> Result<Traced> {
        let value = cx.as_float(input.value, dtype, &format!("input {number}"))?;
        Ok(Traced { value, mask: input.mask })
    };
    inputs.iter().enumerate().map(convert).collect()
}

/// A step counts in the result where it counts in one of the inputs; where one has no mask there is none.
fn either_mask(cx: &mut CallCx<'_>, inputs: &[Traced]) -> Result<Option<Value>> {
    let Some(masks) = inputs.iter().map(|input| input.mask).collect::<Option<Vec<Value>>>() else {
        return Ok(None);
    };
    let mut masks = masks.into_iter();
    let Some(mut either) = masks.next() else { return Ok(None) };
    for mask in masks {
        either = compose::logical_or(cx.graph(), either, mask)?;
    }
    Ok(Some(either))
}

/// Merges the inputs from the first to the last.
///
/// # Errors
/// An op that could not be emitted.
fn fold(cx: &mut CallCx<'_>, inputs: &[Traced], dtype: DType, binary: Binary) -> Result<Traced> {
    let values = aligned(cx, inputs, dtype)?;
    let Some((first, rest)) = values.split_first() else {
        return Err(misfit("there is nothing to merge"));
    };
    let mut merged = first.value;
    for input in rest {
        merged = binary(cx.graph(), merged, input.value)?;
    }
    Ok(Traced { value: merged, mask: either_mask(cx, inputs)? })
}

/// Merges the inputs from the first to the last, where a step that does not count in one gives way to the other.
///
/// # Errors
/// An op that could not be emitted.
fn fold_counting(cx: &mut CallCx<'_>, inputs: &[Traced], dtype: DType, binary: Binary) -> Result<Traced> {
    let ranks: Vec<usize> = inputs.iter().map(|input| cx.shape(input.value).rank()).collect();
    if ranks.windows(2).any(|pair| pair[0] != pair[1]) || inputs.iter().all(|input| input.mask.is_none()) {
        return fold(cx, inputs, dtype, binary);
    }
    let values = aligned(cx, inputs, dtype)?;
    let (mut merged, mut counts) = (values[0].value, values[0].mask);
    for input in &values[1..] {
        let mut value = input.value;
        if let Some(mask) = input.mask {
            value = select_steps(cx.graph(), mask, value, merged)?;
        }
        if let Some(counts) = counts {
            merged = select_steps(cx.graph(), counts, merged, value)?;
        }
        merged = binary(cx.graph(), merged, value)?;
        counts = match (counts, input.mask) {
            (Some(counts), Some(mask)) => Some(compose::logical_or(cx.graph(), counts, mask)?),
            _ => None,
        };
    }
    Ok(Traced { value: merged, mask: counts })
}

/// The product of the inputs, where a step that does not count in one counts as 1, and one that counts in none is 0.
///
/// # Errors
/// An op that could not be emitted.
fn product(cx: &mut CallCx<'_>, inputs: &[Traced], dtype: DType) -> Result<Traced> {
    let ranks: Vec<usize> = inputs.iter().map(|input| cx.shape(input.value).rank()).collect();
    if ranks.windows(2).any(|pair| pair[0] != pair[1]) {
        return fold(cx, inputs, dtype, compose::multiply);
    }
    let mut values = aligned(cx, inputs, dtype)?;
    for input in &mut values {
        if let Some(mask) = input.mask {
            let one = cx.scalar_like(1.0, input.value)?;
            input.value = select_steps(cx.graph(), mask, input.value, one)?;
        }
    }
    let mut merged = fold(cx, &values, dtype, compose::multiply)?;
    if let Some(mask) = merged.mask {
        let zero = cx.scalar_like(0.0, merged.value)?;
        merged.value = select_steps(cx.graph(), mask, merged.value, zero)?;
    }
    Ok(merged)
}

/// `a` in the steps that count, else `b`.
fn select_steps(g: &mut Graph, mask: Value, a: Value, b: Value) -> Result<Value, GraphError> {
    let rank = g.ty(a).shape.rank().max(g.ty(b).shape.rank());
    let mask = with_rank(g, mask, rank)?;
    compose::select(g, mask, a, b)
}

/// A mask with axes of one element at the end.
fn with_rank(g: &mut Graph, mut mask: Value, rank: usize) -> Result<Value, GraphError> {
    while g.ty(mask).shape.rank() < rank {
        let last = g.ty(mask).shape.rank();
        mask = compose::expand_dims(g, mask, last)?;
    }
    Ok(mask)
}

/// A mask that says that everything counts.
fn all_count(g: &mut Graph, shape: Shape) -> Result<Value, GraphError> {
    let yes = ceras_graph::ops::constant(g, ceras_graph::Tensor::scalar(1u8).cast(DType::Bool))?;
    compose::broadcast_to(g, yes, &shape)
}

/// Declares a layer that merges its inputs element by element.
macro_rules! merge_layer {
    ($(#[$meta:meta])* $layer:ident, $check:expr, $call:expr) => {
        crate::layers::declare::layer_struct! {
            $(#[$meta])*
            $layer requires [] {}
        }

        impl $layer {
            /// A layer that merges as many inputs as it is applied to.
            #[must_use]
            #[track_caller]
            #[allow(clippy::new_without_default, reason = "`new` records where the layer was made")]
            pub fn new() -> $layer {
                made()
            }
        }

        impl crate::layers::Layer for $layer {
            crate::layers::declare::layer_methods!();

            fn build(
                &self,
                _: &mut crate::layers::BuildCx<'_>,
                inputs: &[ceras_graph::TensorType],
            ) -> crate::error::Result<()> {
                self.problem.clone().map_or(Ok(()), Err)?;
                let check: fn(&str, &[ceras_graph::TensorType]) -> crate::error::Result<()> = $check;
                check(stringify!($layer), inputs)
            }

            fn call(
                &self,
                cx: &mut crate::layers::CallCx<'_>,
                inputs: &[crate::layers::Traced],
            ) -> crate::error::Result<Vec<crate::layers::Traced>> {
                let call: fn(
                    &mut crate::layers::CallCx<'_>,
                    &[crate::layers::Traced],
                    ceras_graph::DType,
                ) -> crate::error::Result<crate::layers::Traced> = $call;
                Ok(vec![call(cx, inputs, self.dtype.dtype())?])
            }
        }
    };
}
use merge_layer;
