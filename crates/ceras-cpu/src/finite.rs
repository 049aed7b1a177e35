//! The watch for the first number that is not finite.

use std::fmt;

use ceras_graph::{DType, TensorType};
use ceras_kernels::{Block, Region};

use crate::executable::Executable;
use crate::memory::{self, Memory};

/// The first number of a run that was not finite, and where it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct NonFinite {
    /// The step that computed it, such as `dense_1/log`; `inputs` when it was given.
    pub step: String,
    /// What the tensor is called.
    pub tensor: String,
    /// The tensor's type.
    pub ty: TensorType,
    /// The row, the index along the first axis; 0 for a scalar.
    pub row: usize,
    /// The index of the element in row-major order.
    pub element: usize,
    /// The number: a NaN or an infinity.
    pub value: f64,
}

impl fmt::Display for NonFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "step `{}`: {} ({}) has {} in row {}, element {}",
            self.step, self.tensor, self.ty, self.value, self.row, self.element
        )
    }
}

/// Runs step by step and looks at every result; stops, before anything is committed, at the first number that is not
/// finite. Gives whether the commit segment ran to its end.
pub(crate) fn run(executable: &mut Executable, memory: &mut Memory) -> bool {
    executable.non_finite = given(executable, memory);
    let (compute, end) = (executable.compute, executable.program.steps().len());
    if executable.non_finite.is_some() || !watch(executable, memory, 0..compute) {
        return false;
    }
    executable.guard_allows(memory) && watch(executable, memory, compute..end)
}

/// Runs steps; false, with the finding noted, when one gave a number that is not finite.
fn watch(executable: &mut Executable, memory: &mut Memory, steps: std::ops::Range<usize>) -> bool {
    for index in steps {
        executable.run_range(memory, index..index + 1);
        executable.non_finite = computed(executable, memory, index);
        if executable.non_finite.is_some() {
            return false;
        }
    }
    true
}

fn given(executable: &Executable, memory: &Memory) -> Option<NonFinite> {
    let constants = executable.program.constants();
    executable.inputs.iter().find_map(|port| {
        let (element, value) = find(memory, constants, &port.region, port.ty.dtype)?;
        Some(report("inputs", &port.name, &port.ty, element, value))
    })
}

fn computed(executable: &Executable, memory: &Memory, index: usize) -> Option<NonFinite> {
    let step = &executable.program.steps()[index];
    let results = &executable.info[index].results;
    step.outputs.iter().zip(results).find_map(|(region, (name, ty))| {
        let (element, value) = find(memory, executable.program.constants(), region, ty.dtype)?;
        Some(report(&step.label, name, ty, element, value))
    })
}

fn report(step: &str, tensor: &str, ty: &TensorType, element: usize, value: f64) -> NonFinite {
    let row_elements: usize = ty.shape.dims().iter().skip(1).map(|dim| dim.unwrap_or(1)).product();
    NonFinite {
        step: step.to_owned(),
        tensor: tensor.to_owned(),
        ty: ty.clone(),
        row: element / row_elements.max(1),
        element,
        value,
    }
}

/// The first element of a region that is not finite, and its index.
fn find(memory: &Memory, constants: &Block, region: &Region, dtype: DType) -> Option<(usize, f64)> {
    let width = region.row_bytes / dtype.size();
    (0..region.rows).find_map(|row| {
        let found = match dtype {
            DType::F32 => {
                let elements = memory::row::<f32>(memory, constants, region, row);
                let column = elements.iter().position(|element| !element.is_finite())?;
                (column, f64::from(elements[column]))
            }
            DType::F64 => {
                let elements = memory::row::<f64>(memory, constants, region, row);
                let column = elements.iter().position(|element| !element.is_finite())?;
                (column, elements[column])
            }
            _ => return None,
        };
        Some((row * width + found.0, found.1))
    })
}
