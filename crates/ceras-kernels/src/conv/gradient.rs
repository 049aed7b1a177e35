//! The kernel's gradient: for each position and channel of the kernel a sum over the pixels of all images.
//!
//! A tile is a few channels of the image (of neighbouring positions of the kernel, where these follow one another) times a
//! few registers of the cotangent's channels, summed over the pixels of a block of rows before it is added to the result.
//! The batch is split into parts that have sums of their own.

use std::ops::Range;

use super::Spec;
use super::tail::left_over;
use super::tile::{Kernels, Panel, TAIL_REGISTERS, Tile, Walk, kernels};
use super::walk::{Meeting, Phase};
use crate::disjoint::Disjoint;
use crate::io::Io;
use crate::isa::Isa;

/// The most parts that the batch is split into.
const MAX_PARTS: usize = 8;
/// Bytes that all parts' sums may take.
const PARTS_BYTES: usize = 8 << 20;
/// Bytes of the cotangent that are used again from the cache.
const BLOCK_BYTES: usize = 192 * 1024;
/// Rows of the kernel that a task takes at the most.
const TASK_ROWS: usize = 224;

/// How many parts a batch is split into, for kernels of so many elements: a matter of sizes only.
pub(super) fn parts(batch: usize, kernel_elements: usize) -> usize {
    (PARTS_BYTES / (kernel_elements.max(1) * size_of::<f32>())).clamp(1, MAX_PARTS).min(batch.max(1))
}

/// The images of a part.
pub(super) fn images(batch: usize, parts: usize, part: usize) -> Range<usize> {
    batch * part / parts..batch * (part + 1) / parts
}

/// Adds the parts' sums in order.
pub(super) fn add_parts(io: &Io<'_>, sums: &[f32], out: &mut [f32]) {
    let len = out.len();
    let out = Disjoint::new(out);
    const PIECE: usize = 16 * 1024;
    io.pool().for_each(len.div_ceil(PIECE), &|task| {
        let range = task * PIECE..len.min((task + 1) * PIECE);
        // SAFETY: each task has a piece of its own.
        let out = unsafe { out.part(range.clone()) };
        out.copy_from_slice(&sums[range.clone()]);
        for part in sums[len..].chunks_exact(len.max(1)) {
            for (sum, &more) in out.iter_mut().zip(&part[range.clone()]) {
                *sum += more;
            }
        }
    });
}

/// The gradient of the kernel of a convolution of `float32` images.
pub(super) struct Gradient {
    spec: Spec,
    kernels: Kernels,
    panels: Vec<Panel>,
    phases: [Phase; 3],
    parts: usize,
    /// Whether the positions of a row of the kernel are taken together.
    merged: bool,
    /// Positions of the kernel that are taken together, and pieces of their channels.
    lines: usize,
    pieces: usize,
}

impl Gradient {
    pub(super) fn new(spec: Spec, isa: Isa) -> Gradient {
        let kernels = kernels(isa);
        let groups = spec.groups.max(1);
        let phases = [0, 1, 2].map(|axis: usize| Phase::all(&spec.axes[axis])[0]);
        let [depth, height, width] = &spec.axes;
        let merged = groups == 1 && width.kernel_dilation == 1;
        let lines = depth.kernel * height.kernel * if merged { 1 } else { width.kernel };
        let rows = spec.inputs / groups * if merged { width.kernel } else { 1 };
        let pixels = spec.batch * spec.output_positions();
        let tail = left_over(spec.outputs / groups, kernels.lanes, rows, pixels);
        let panels = kernels.panels(spec.outputs / groups, tail);
        let parts = parts(spec.batch, spec.kernel_elements());
        let pieces = rows.div_ceil(TASK_ROWS);
        Gradient { spec, kernels, panels, phases, parts, merged, lines, pieces }
    }

    pub(super) fn scratch_bytes(&self) -> usize {
        if self.parts > 1 { self.parts * self.spec.kernel_elements() * size_of::<f32>() } else { 0 }
    }

    pub(super) fn run(&self, io: &mut Io<'_>) {
        let (image, cotangent, out) = (io.input::<f32>(0), io.input::<f32>(1), io.output::<f32>(0));
        if self.parts == 1 {
            self.sums(io, image, cotangent, out);
            return;
        }
        let sums = io.scratch::<f32>();
        self.sums(io, image, cotangent, sums);
        add_parts(io, sums, out);
    }

    /// The sums of all parts, one after the other.
    fn sums(&self, io: &Io<'_>, image: &[f32], cotangent: &[f32], sums: &mut [f32]) {
        let elements = self.spec.kernel_elements();
        let groups = self.spec.groups.max(1);
        let sums = Disjoint::new(sums);
        let per_part = self.lines * self.pieces * groups;
        io.pool().for_each(self.parts * per_part, &|task| {
            let (part, rest) = (task / per_part, task % per_part);
            let (line, piece, group) =
                (rest / (self.pieces * groups), rest / groups % self.pieces, rest % groups);
            let job = Job {
                plan: self,
                image,
                cotangent,
                out: sums.pointer().wrapping_add(part * elements),
                group,
                line,
                rows: self.rows(piece),
            };
            job.run(images(self.spec.batch, self.parts, part));
        });
    }

    /// The rows of a line that a piece is.
    fn rows(&self, piece: usize) -> Range<usize> {
        let rows = self.line_rows();
        piece * TASK_ROWS..rows.min((piece + 1) * TASK_ROWS)
    }

    /// Rows of the kernel that are taken together: channels, of all positions of a row if these are merged.
    fn line_rows(&self) -> usize {
        let channels = self.spec.inputs / self.spec.groups.max(1);
        if self.merged { channels * self.spec.axes[2].kernel } else { channels }
    }
}

/// Some rows of one line of the kernel.
struct Job<'a> {
    plan: &'a Gradient,
    image: &'a [f32],
    cotangent: &'a [f32],
    out: *mut f32,
    group: usize,
    line: usize,
    rows: Range<usize>,
}

/// Pixels to sum over: the first of the image and of the cotangent, and the walk.
#[derive(Clone, Copy)]
struct Pixels {
    left: usize,
    right: usize,
    counts: [usize; 2],
    left_steps: [usize; 2],
    right_steps: [usize; 2],
}

/// The results of an axis that meet a position of the kernel, and the place in the image that the first meets.
fn results(
    phase: &Phase,
    tap: usize,
    kernel_dilation: usize,
    low: i64,
    input: usize,
) -> (Range<usize>, usize) {
    let offset = (tap * kernel_dilation) as i64 - low;
    let step = phase.step.max(1) as i64;
    let first = if offset < 0 { (-offset + step - 1) / step } else { 0 };
    let inside = input as i64 - offset;
    let end = if inside > 0 { (inside + step - 1) / step } else { 0 }.min(phase.results as i64);
    if first >= end {
        return (0..0, 0);
    }
    (first as usize..end as usize, (offset + first * step) as usize)
}

impl Job<'_> {
    fn run(&self, images: Range<usize>) {
        self.clear();
        let spec = &self.plan.spec;
        let [depth, height, width] = &spec.axes;
        let (td, rest) = if self.plan.merged {
            (self.line / height.kernel, self.line % height.kernel)
        } else {
            (self.line / (height.kernel * width.kernel), self.line / width.kernel % height.kernel)
        };
        let phases = &self.plan.phases;
        let (ds, d0) = results(&phases[0], td, depth.kernel_dilation, depth.low, depth.input);
        let (hs, h0) = results(&phases[1], rest, height.kernel_dilation, height.low, height.input);
        let block = (BLOCK_BYTES / (width.output * spec.outputs * size_of::<f32>())).max(1);
        for batch in images {
            for (index, d) in ds.clone().enumerate() {
                let source = d0 + index * phases[0].step;
                for (piece, start) in hs.clone().step_by(block).enumerate() {
                    let rows = start..hs.end.min(start + block);
                    let row = h0 + piece * block * phases[1].step;
                    let image = ((batch * depth.input + source) * height.input + row) * width.input;
                    let result = ((batch * depth.output + d) * height.output + start) * width.output;
                    self.block(image, result, rows.len());
                }
            }
        }
    }

    /// Sets this job's part of the result to zero.
    fn clear(&self) {
        let spec = &self.plan.spec;
        let group_out = spec.outputs / spec.groups.max(1);
        for row in self.rows.clone() {
            let at = (self.line * self.plan.line_rows() + row) * spec.outputs + self.group * group_out;
            for column in 0..group_out {
                // SAFETY: the element lies in the part's sums and belongs to this task alone.
                unsafe { *self.out.add(at + column) = 0.0 }
            }
        }
    }

    /// A block of rows of pixels, from these pixels of the image and of the cotangent on.
    fn block(&self, image: usize, result: usize, rows: usize) {
        let spec = &self.plan.spec;
        let [_, height, width] = &spec.axes;
        let _ = height;
        let phase = &self.plan.phases[2];
        let (inputs, outputs) = (spec.inputs, spec.outputs);
        let channels = inputs / spec.groups.max(1);
        let row_steps = [self.plan.phases[1].step * width.input * inputs, width.output * outputs];
        let pixel_steps = [phase.step * inputs, outputs];
        let at = |source: usize, column: usize| ((image + source) * inputs, (result + column) * outputs);
        if !self.plan.merged {
            let tap = self.line % width.kernel;
            let (columns, source) = results(phase, tap, width.kernel_dilation, width.low, width.input);
            if columns.is_empty() {
                return;
            }
            let (left, right) = at(source, columns.start);
            let pixels = Pixels {
                left,
                right,
                counts: [rows, columns.len()],
                left_steps: [row_steps[0], pixel_steps[0]],
                right_steps: [row_steps[1], pixel_steps[1]],
            };
            self.tiles(pixels, self.rows.clone(), self.rows.start);
            return;
        }
        let inner = phase.inner();
        if !inner.is_empty() {
            let (left, right) = at(phase.meeting(inner.start).source, inner.start);
            let pixels = Pixels {
                left,
                right,
                counts: [rows, inner.len()],
                left_steps: [row_steps[0], pixel_steps[0]],
                right_steps: [row_steps[1], pixel_steps[1]],
            };
            self.tiles(pixels, self.rows.clone(), self.rows.start);
        }
        for column in (0..phase.results).filter(|column| !inner.contains(column)) {
            let Meeting { count, tap, source } = phase.meeting(column);
            // The kernel's rows of the positions that meet the image here, and of those the job's.
            let taken = tap * channels..(tap + count) * channels;
            let taken = taken.start.max(self.rows.start)..taken.end.min(self.rows.end);
            if count == 0 || taken.is_empty() {
                continue;
            }
            let (left, right) = at(source, column);
            let pixels = Pixels {
                left,
                right,
                counts: [1, rows],
                left_steps: [0, row_steps[0]],
                right_steps: [0, row_steps[1]],
            };
            let skipped = taken.start - tap * channels;
            self.tiles(pixels, taken, skipped);
        }
    }

    /// The tiles of some rows of the kernel; `skipped` is how far the first lies from the pixels' first element.
    fn tiles(&self, pixels: Pixels, rows: Range<usize>, skipped: usize) {
        let spec = &self.plan.spec;
        let groups = spec.groups.max(1);
        let (group_in, group_out) = (spec.inputs / groups, spec.outputs / groups);
        let base = (self.line * self.plan.line_rows() + rows.start) * spec.outputs + self.group * group_out;
        for panel in &self.plan.panels {
            if panel.tail > 0 {
                self.tail(pixels, rows.clone(), skipped, panel);
                continue;
            }
            let most = self.plan.kernels.pixels(panel.registers);
            let pieces = rows.len().div_ceil(most);
            let mut done = 0;
            for piece in 0..pieces {
                let count = (rows.len() - done).div_ceil(pieces - piece);
                let walk = Walk {
                    counts: [1, 1, pixels.counts[0], pixels.counts[1]],
                    left: [0, 0, pixels.left_steps[0], pixels.left_steps[1]],
                    right: [0, 0, pixels.right_steps[0], pixels.right_steps[1]],
                };
                let left = pixels.left + self.group * group_in + skipped + done;
                let right = pixels.right + self.group * group_out + panel.first;
                let tile = Tile {
                    walk,
                    left: self.image.as_ptr().wrapping_add(left),
                    left_row: 1,
                    right: self.cotangent.as_ptr().wrapping_add(right),
                    right_column: 0,
                    out: self.out.wrapping_add(base + done * spec.outputs + panel.first),
                    out_row: spec.outputs,
                    last: panel.last,
                    accumulate: true,
                    right_masked: true,
                    bias: std::ptr::null(),
                    floor: std::ptr::null(),
                };
                // SAFETY: the walk's pixels meet these rows of the kernel, so they lie in the image, and in the cotangent,
                // of whose channels only those that exist are read; the rows of the result belong to this task alone;
                // and the kernel was selected for a level that the machine has.
                unsafe { self.plan.kernels.kernel(count, panel.registers)(&tile) }
                done += count;
            }
        }
    }

    /// The last channels of [`Job::tiles`], with the rows in the lanes.
    fn tail(&self, pixels: Pixels, rows: Range<usize>, skipped: usize, panel: &Panel) {
        let spec = &self.plan.spec;
        let groups = spec.groups.max(1);
        let (group_in, group_out) = (spec.inputs / groups, spec.outputs / groups);
        let lanes = self.plan.kernels.lanes;
        let base = (self.line * self.plan.line_rows() + rows.start) * spec.outputs + self.group * group_out;
        let walk = Walk {
            counts: [1, 1, pixels.counts[0], pixels.counts[1]],
            left: [0, 0, pixels.left_steps[0], pixels.left_steps[1]],
            right: [0, 0, pixels.right_steps[0], pixels.right_steps[1]],
        };
        let mut done = 0;
        while done < rows.len() {
            let count = (rows.len() - done).min(lanes * TAIL_REGISTERS);
            let registers = count.div_ceil(lanes);
            let left = pixels.left + self.group * group_in + skipped + done;
            let tile = Tile {
                walk,
                left: self.image.as_ptr().wrapping_add(left),
                left_row: 1,
                right: self
                    .cotangent
                    .as_ptr()
                    .wrapping_add(pixels.right + self.group * group_out + panel.first),
                right_column: 0,
                out: self.out.wrapping_add(base + done * spec.outputs + panel.first),
                out_row: spec.outputs,
                last: count - (registers - 1) * lanes,
                accumulate: true,
                right_masked: true,
                bias: std::ptr::null(),
                floor: std::ptr::null(),
            };
            // SAFETY: as in `tiles`; of the image's registers only the rows that exist are read.
            unsafe { self.plan.kernels.tail_gradient(registers, panel.tail)(&tile) }
            done += count;
        }
    }
}
