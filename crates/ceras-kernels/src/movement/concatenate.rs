//! Inputs one after the other along an axis.

use crate::io::{Io, Kernel};

/// The inputs one after the other along an axis. Inputs and the output are contiguous.
#[derive(Debug)]
pub struct Concatenate {
    outer: usize,
    /// Bytes that each input gives to each outer row.
    bytes: Vec<usize>,
}

impl Concatenate {
    /// For inputs of these dimensions, which differ along `axis` only.
    ///
    /// # Panics
    /// If there is no such axis.
    pub fn new(element_bytes: usize, dims_of_each: &[Vec<usize>], axis: usize) -> Concatenate {
        Concatenate {
            outer: dims_of_each.first().map_or(0, |dims| dims[..axis].iter().product()),
            bytes: dims_of_each
                .iter()
                .map(|dims| dims[axis..].iter().product::<usize>() * element_bytes)
                .collect(),
        }
    }
}

impl Kernel for Concatenate {
    fn run(&self, io: &mut Io<'_>) {
        let output = io.output::<u8>(0);
        let row: usize = self.bytes.iter().sum();
        assert_eq!(output.len(), row * self.outer, "bytes of the output of a concatenation");
        let mut start = 0;
        for (index, &bytes) in self.bytes.iter().enumerate() {
            let input = io.input::<u8>(index);
            for outer in 0..self.outer {
                let target = outer * row + start;
                output[target..target + bytes].copy_from_slice(&input[outer * bytes..(outer + 1) * bytes]);
            }
            start += bytes;
        }
    }
}
