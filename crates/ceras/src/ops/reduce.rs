//! Operations that make one element of many.

use ceras_graph::{DType, Graph, GraphError, Value, compose, ops as primitives};
use serde::{Deserialize, Serialize};

use super::promote::{converted, float};
use super::{Axes, NUMPY, Operand, Operation, configurable, node, one, operation_entry};
use crate::error::Result;
use crate::models::KerasTensor;
use crate::registry::Entry;

/// What is done with the elements along some axes.
type Emit = fn(&mut Graph, Value, &[usize], bool) -> Result<Value, GraphError>;

macro_rules! reductions {
    ($($(#[$doc:meta])* $function:ident, $class_name:ident { $($unused:ident)? }, $prepare:expr, $emit:expr;)*) => {
        /// The entries of the registry.
        pub(super) const ENTRIES: &[&Entry<dyn Operation>] = &[$({
            static ENTRY: Entry<dyn Operation> = operation_entry!($class_name, { stringify!($class_name) });
            &ENTRY
        }),*];

        $(
            $(#[$doc])*
            ///
            /// # Shapes
            /// The axes vanish, or stay with one element if `keepdims`.
            ///
            /// # Errors
            /// There is no such axis, or one is named twice.
            #[track_caller]
            pub fn $function(x: &KerasTensor, axis: impl Into<Axes>, keepdims: bool) -> Result<KerasTensor> {
                node($class_name { axis: axis.into(), keepdims, $($unused: ())? }, vec![x.into()])
            }

            #[derive(Clone, Debug, Serialize, Deserialize)]
            #[serde(deny_unknown_fields)]
            struct $class_name {
                #[serde(default)]
                axis: Axes,
                #[serde(default)]
                keepdims: bool,
                $(
                    #[serde(default)]
                    $unused: (),
                )?
            }

            configurable!($class_name, { stringify!($class_name) });

            impl Operation for $class_name {
                fn module(&self) -> &'static str {
                    NUMPY
                }

                fn emit(&self, g: &mut Graph, operands: &[Operand<'_>]) -> Result<Value> {
                    let x = one(stringify!($class_name), operands)?;
                    let prepare: fn(&mut Graph, Value) -> Result<Value, GraphError> = $prepare;
                    let emit: Emit = $emit;
                    let x = prepare(g, x)?;
                    let axes = self.axis.of(&g.ty(x).shape)?;
                    Ok(emit(g, x, &axes, self.keepdims)?)
                }
            }
        )*
    };
}

reductions! {
    /// The arithmetic mean.
    mean, Mean {}, float, compose::mean;
    /// The sum.
    sum, Sum {}, counted, compose::sum;
    /// The product.
    prod, Prod { dtype }, counted, compose::product;
    /// The largest element.
    max, Max { initial }, |_, x| Ok(x), compose::max;
    /// The smallest element.
    min, Min { initial }, |_, x| Ok(x), compose::min;
    /// The population variance.
    var, Var {}, float, compose::variance;
    /// The population standard deviation.
    std, Std {}, float, |g, x, axes, keepdims| {
        let variance = compose::variance(g, x, axes, keepdims)?;
        primitives::sqrt(g, variance)
    };
}

/// Truth values and bytes are summed up in a wider type.
fn counted(g: &mut Graph, x: Value) -> Result<Value, GraphError> {
    match g.ty(x).dtype {
        DType::Bool => converted(g, x, DType::I32),
        DType::U8 => converted(g, x, DType::U32),
        _ => Ok(x),
    }
}
