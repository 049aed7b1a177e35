//! What the kernels' tests share: running one kernel on values, on any number of threads.

use crate::memory::ALIGNMENT;
use crate::{Block, Element, Kernel, Pool, Program, Region, Space, Step};

/// The bytes of values.
pub(crate) fn bytes<T: Element>(values: &[T]) -> Vec<u8> {
    let mut block = Block::zeroed(size_of_val(values));
    block.slice_mut::<T>(0, values.len()).copy_from_slice(values);
    block.slice::<u8>(0, block.bytes()).to_vec()
}

/// The values of bytes.
pub(crate) fn values<T: Element>(bytes: &[u8]) -> Vec<T> {
    let mut block = Block::zeroed(bytes.len());
    block.slice_mut::<u8>(0, bytes.len()).copy_from_slice(bytes);
    block.slice::<T>(0, bytes.len() / size_of::<T>()).to_vec()
}

/// How to run a kernel once.
pub(crate) struct Run {
    /// The bytes of each input, without gaps.
    pub(crate) inputs: Vec<Vec<u8>>,
    /// Bytes of each output.
    pub(crate) outputs: Vec<usize>,
    pub(crate) scratch_bytes: usize,
    pub(crate) in_place: Vec<(usize, usize)>,
    /// For each input, then each output: bytes of a row and of the gap after it; no entry means contiguous.
    pub(crate) gaps: Vec<Option<(usize, usize)>>,
}

impl Run {
    pub(crate) fn new(inputs: Vec<Vec<u8>>, outputs: Vec<usize>) -> Run {
        Run { inputs, outputs, scratch_bytes: 0, in_place: Vec::new(), gaps: Vec::new() }
    }

    /// The bytes of each output, after a run on so many threads.
    pub(crate) fn on(&self, kernel: impl Kernel + 'static, threads: usize) -> Vec<Vec<u8>> {
        let mut end = 0;
        let mut regions = Vec::new();
        let sizes = self.inputs.iter().map(Vec::len).chain(self.outputs.iter().copied());
        for (index, bytes) in sizes.enumerate() {
            let shared = self.in_place.iter().find(|(_, output)| output + self.inputs.len() == index);
            if let Some((input, _)) = shared {
                regions.push(regions[*input]);
                continue;
            }
            let mut region = Region::contiguous(Space::Arena, end, bytes);
            if let Some((row, gap)) = self.gaps.get(index).copied().flatten() {
                region = Region { rows: bytes / row, row_bytes: row, stride_bytes: row + gap, ..region };
            }
            end = (region.end().unwrap() + ALIGNMENT).next_multiple_of(ALIGNMENT);
            regions.push(region);
        }
        let scratch = Region::contiguous(Space::Arena, end, self.scratch_bytes);
        let step = Step {
            label: "test".into(),
            kernel: Box::new(kernel),
            inputs: regions[..self.inputs.len()].to_vec(),
            outputs: regions[self.inputs.len()..].to_vec(),
            scratch: (self.scratch_bytes > 0).then_some(scratch),
            in_place: self.in_place.clone(),
        };
        let total = end + self.scratch_bytes;
        let mut program = Program::new(vec![step], Block::zeroed(0), total, 0).unwrap();
        let mut arena = Block::zeroed(total);
        arena.slice_mut::<u8>(0, total).fill(0xAB);
        for (input, region) in self.inputs.iter().zip(&regions) {
            for row in 0..region.rows {
                let from = &input[row * region.row_bytes..(row + 1) * region.row_bytes];
                arena
                    .slice_mut::<u8>(region.offset + row * region.stride_bytes, region.row_bytes)
                    .copy_from_slice(from);
            }
        }
        program.run(&mut arena, &mut Block::zeroed(0), &Pool::new(threads), 0..1);
        let read = |region: &Region| {
            (0..region.rows)
                .flat_map(|row| {
                    arena.slice::<u8>(region.offset + row * region.stride_bytes, region.row_bytes).to_vec()
                })
                .collect()
        };
        regions[self.inputs.len()..].iter().map(read).collect()
    }
}

/// A reproducible sequence of numbers that look random, for values in tests.
pub(crate) struct Sequence(u64);

impl Sequence {
    pub(crate) fn new(seed: u64) -> Sequence {
        Sequence(seed.wrapping_mul(2).wrapping_add(0x9E37_79B9_7F4A_7C15))
    }

    /// 64 bits (a multiplicative congruential step, then a mix of high into low bits).
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 ^ (self.0 >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 7
    }

    /// A number in −1 … 1.
    pub(crate) fn signed(&mut self) -> f32 {
        (self.bits() & 0xFFFF) as f32 / 32768.0 - 1.0
    }

    /// Numbers in −1 … 1.
    pub(crate) fn floats(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.signed()).collect()
    }
}
