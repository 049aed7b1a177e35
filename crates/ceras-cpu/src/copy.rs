//! The kernel of the planner's own copies.

use ceras_kernels::{Io, Kernel};

/// Copies the bytes of the input to the output; the rows of the two may differ in length, not in total.
#[derive(Debug)]
pub(crate) struct CopyRows;

impl Kernel for CopyRows {
    fn run(&self, io: &mut Io<'_>) {
        let input = io.input_rows::<u8>(0);
        let mut output = io.output_rows::<u8>(0);
        if let (Some(input), Some(output)) = (input.as_slice(), output.as_mut_slice()) {
            output.copy_from_slice(input);
            return;
        }
        if input.width() == 0 || output.width() == 0 {
            return;
        }
        let (mut row, mut column) = (0, 0);
        for target in 0..output.len() {
            let mut target = output.row(target);
            while !target.is_empty() {
                let rest = &input.row(row)[column..];
                let len = rest.len().min(target.len());
                let (now, later) = target.split_at_mut(len);
                now.copy_from_slice(&rest[..len]);
                target = later;
                column += len;
                if column == input.width() {
                    (row, column) = (row + 1, 0);
                }
            }
        }
    }
}
