//! The plain copy.

use crate::io::{Io, Kernel, Rows, RowsMut};

/// The bytes of the input, in order. Both regions may be strided, with rows of different lengths.
#[derive(Debug, Default)]
pub struct Copy;

impl Copy {
    /// The kernel.
    pub fn new() -> Copy {
        Copy
    }
}

impl Kernel for Copy {
    fn run(&self, io: &mut Io<'_>) {
        let (input, mut output) = (io.input_rows::<u8>(0), io.output_rows::<u8>(0));
        match (input.as_slice(), output.as_mut_slice()) {
            (Some(from), Some(to)) => to.copy_from_slice(from),
            _ => rows(&input, &mut output),
        }
    }
}

fn rows(input: &Rows<'_, u8>, output: &mut RowsMut<'_, u8>) {
    let total = output.len() * output.width();
    assert_eq!(input.len() * input.width(), total, "bytes to copy and room for them");
    let mut done = 0;
    while done < total {
        let from = &input.row(done / input.width())[done % input.width()..];
        let width = output.width();
        let to = &mut output.row(done / width)[done % width..];
        let run = from.len().min(to.len());
        to[..run].copy_from_slice(&from[..run]);
        done += run;
    }
}
