//! Whether all numbers are finite.

use crate::dtype::DType;
use crate::io::{Io, Kernel};

/// Whether every element of every input is finite, as one truth value. Inputs that are not floats are finite.
///
/// Inputs are contiguous.
#[derive(Debug)]
pub struct AllFinite {
    types: Vec<DType>,
}

impl AllFinite {
    /// For inputs of these types.
    pub fn new(types: Vec<DType>) -> AllFinite {
        AllFinite { types }
    }
}

impl Kernel for AllFinite {
    fn run(&self, io: &mut Io<'_>) {
        let finite = self.types.iter().enumerate().all(|(index, dtype)| match dtype {
            DType::F32 => io.input::<f32>(index).iter().all(|x| x.is_finite()),
            DType::F64 => io.input::<f64>(index).iter().all(|x| x.is_finite()),
            _ => true,
        });
        io.output::<u8>(0)[0] = u8::from(finite);
    }
}
