//! The convolution as products of pixels with panels of the kernel, read where they lie.
//!
//! Nothing of the image is copied: a tile is a run of pixels of one row, and a pixel's neighbours are as far apart as the
//! strides say. Pixels at the left and right edges meet fewer positions of the kernel; they are taken in runs down the
//! columns instead. Only the kernel is copied, into panels as wide as the registers.

use std::ops::Range;

use super::Spec;
use super::tail::left_over;
use super::tile::{Kernels, Panel, Tile, TileKernel, Walk, kernels};
use super::walk::{Meeting, Phase};
use crate::disjoint::Disjoint;
use crate::io::Io;
use crate::isa::Isa;
use crate::matmul::{operand, output_stride};
use crate::memory::ALIGNMENT;
use crate::pool::Pool;

/// Multiplications and additions of a task, about.
const TASK_FLOPS: usize = 4_000_000;
/// Pixels of a row that a task takes at the most.
const TASK_PIXELS: usize = 448;

/// A convolution of `float32` images.
pub(super) struct Direct {
    spec: Spec,
    kernels: Kernels,
    /// The panels of one group.
    panels: Vec<Panel>,
    phases: [Vec<Phase>; 3],
    tasks: Vec<Part>,
    /// The inputs that are added to each pixel and that are the least of each element.
    bias: Option<usize>,
    floor: Option<usize>,
}

/// Where the results of a step go.
#[derive(Clone, Copy)]
struct Target {
    out: *mut f32,
    /// From a pixel to the next.
    pixel: usize,
    /// What to add to each pixel, and the least of each element, or null.
    bias: *const f32,
    floor: *const f32,
}

// SAFETY: tasks write pixels of their own, and what is read outlives the step.
unsafe impl Sync for Target {}

/// A part of each image's results: numbers of phases, a result along the first axis, results along the second and third.
#[derive(Clone, Debug)]
struct Part {
    phases: [usize; 3],
    depth: usize,
    rows: Range<usize>,
    columns: Range<usize>,
}

impl Direct {
    pub(super) fn new(spec: Spec, isa: Isa) -> Direct {
        let kernels = kernels(isa);
        let groups = spec.groups.max(1);
        let width = &spec.axes[2];
        let run = spec.inputs / groups * if groups == 1 { width.kernel } else { 1 };
        let rows = spec.taps() * spec.inputs / groups;
        let tail = left_over(spec.outputs / groups, kernels.lanes, run, rows);
        let panels = kernels.panels(spec.outputs / groups, tail);
        let phases = [0, 1, 2].map(|axis: usize| Phase::all(&spec.axes[axis]));
        let flops = 2 * spec.taps() * (spec.inputs / groups).max(1) * spec.outputs.max(1);
        let mut tasks = Vec::new();
        for (d, depth) in phases[0].iter().enumerate() {
            for (h, height) in phases[1].iter().enumerate() {
                for (w, width) in phases[2].iter().enumerate() {
                    let columns = width.results.clamp(1, TASK_PIXELS);
                    let rows = (TASK_FLOPS / (flops * columns)).clamp(1, height.results.max(1));
                    for result in 0..depth.results {
                        for row in (0..height.results).step_by(rows) {
                            for column in (0..width.results).step_by(columns) {
                                tasks.push(Part {
                                    phases: [d, h, w],
                                    depth: result,
                                    rows: row..height.results.min(row + rows),
                                    columns: column..width.results.min(column + columns),
                                });
                            }
                        }
                    }
                }
            }
        }
        Direct { spec, kernels, panels, phases, tasks, bias: None, floor: None }
    }

    /// Lets sums be finished by adding input `bias` to each pixel and by `maximum` with the number that is input `floor`.
    pub(super) fn finish_with(&mut self, bias: Option<usize>, floor: Option<usize>) {
        (self.bias, self.floor) = (bias, floor);
    }

    /// Rows of a panel: positions and channels of a group.
    fn rows(&self) -> usize {
        self.spec.taps() * self.group_inputs()
    }

    fn group_inputs(&self) -> usize {
        self.spec.inputs / self.spec.groups.max(1)
    }

    fn group_width(&self) -> usize {
        self.panels.iter().map(|panel| panel.width).sum()
    }

    /// The kernel in panels.
    pub(super) fn scratch_bytes(&self) -> usize {
        let elements = self.spec.groups.max(1) * self.rows() * self.group_width();
        (elements * size_of::<f32>()).next_multiple_of(ALIGNMENT)
    }

    pub(super) fn run(&self, io: &mut Io<'_>) {
        let (image, kernel, view) = (io.input::<f32>(0), io.input::<f32>(1), io.output_rows::<f32>(0).view);
        let pixels = self.spec.batch * self.spec.output_positions();
        let size = |len: usize| len * size_of::<f32>();
        let given = |input: Option<usize>, len: usize| -> *const f32 {
            input.map_or(std::ptr::null(), |input| operand(io, input, size(len)).cast())
        };
        let target = Target {
            out: view.pointer.cast(),
            pixel: output_stride(view, size_of::<f32>(), pixels, self.spec.outputs),
            bias: given(self.bias, self.spec.outputs),
            floor: given(self.floor, 1),
        };
        let scratch = io.scratch::<f32>();
        self.pack(io.pool(), kernel, scratch);
        let packed: &[f32] = scratch;
        let size_in = self.spec.input_positions() * self.spec.inputs;
        let parts = self.tasks.len();
        io.pool().for_each(self.spec.batch * parts, &|task| {
            let (batch, part) = (task / parts, &self.tasks[task % parts]);
            let image = &image[batch * size_in..][..size_in];
            // The whole, not its fields: it is the whole that tasks may share.
            let mut target = *{ &target };
            target.out = target.out.wrapping_add(batch * self.spec.output_positions() * target.pixel);
            self.part(part, image, packed, target);
        });
    }

    /// Copies the kernel into panels: for each group and panel the rows in order.
    fn pack(&self, pool: &Pool, kernel: &[f32], scratch: &mut [f32]) {
        let (rows, group_in) = (self.rows(), self.group_inputs());
        let group_out = self.spec.outputs / self.spec.groups.max(1);
        let (taps, inputs, outputs) = (self.spec.taps(), self.spec.inputs, self.spec.outputs);
        let group_elements = rows * self.group_width();
        let target = Disjoint::new(scratch);
        pool.for_each(self.spec.groups * self.panels.len(), &|task| {
            let (group, panel) = (task / self.panels.len(), &self.panels[task % self.panels.len()]);
            let start = group * group_elements + panel.first * rows;
            // SAFETY: each task has a panel of its own.
            let target = unsafe { target.part(start..start + panel.width * rows) };
            let columns = panel.width.min(group_out - panel.first);
            // Rows of registers, or columns of a tail.
            let (step, across) = if panel.tail > 0 { (1, rows) } else { (panel.width, 1) };
            for tap in 0..taps {
                for c in 0..group_in {
                    let row = &mut target[(tap * group_in + c) * step..];
                    if self.spec.transposed {
                        let base = (taps - 1 - tap) * group_out + panel.first;
                        for j in 0..columns {
                            row[j * across] = kernel[(base + j) * inputs + group * group_in + c];
                        }
                    } else {
                        let from = (tap * group_in + c) * outputs + group * group_out + panel.first;
                        for (j, weight) in kernel[from..from + columns].iter().enumerate() {
                            row[j * across] = *weight;
                        }
                    }
                    if panel.tail == 0 {
                        row[columns..panel.width].fill(0.0);
                    }
                }
            }
        });
    }

    /// Computes a part of an image.
    fn part(&self, part: &Part, image: &[f32], packed: &[f32], target: Target) {
        let groups = self.spec.groups.max(1);
        for group in 0..groups {
            for panel in &self.panels {
                let job = Job { plan: self, part, image, target, group, panel, packed };
                job.run();
            }
        }
    }
}

/// One panel of a part of an image.
struct Job<'a> {
    plan: &'a Direct,
    part: &'a Part,
    image: &'a [f32],
    packed: &'a [f32],
    target: Target,
    group: usize,
    panel: &'a Panel,
}

impl Job<'_> {
    fn phase(&self, axis: usize) -> &Phase {
        &self.plan.phases[axis][self.part.phases[axis]]
    }

    fn run(&self) {
        let (height, width) = (self.phase(1), self.phase(2));
        let depth = self.phase(0).meeting(self.part.depth);
        let inner = width.inner();
        let inner = inner.start.max(self.part.columns.start)..inner.end.min(self.part.columns.end);
        for row in self.part.rows.clone() {
            let along = height.meeting(row);
            if inner.start < inner.end {
                let meeting = [depth, along, width.meeting(inner.start)];
                self.tiles(meeting, (row, inner.start), inner.len(), false);
            }
        }
        let edges = self.part.columns.clone().filter(|column| !inner.contains(column));
        for column in edges {
            self.edge(depth, column, width.meeting(column));
        }
    }

    /// A column at the left or right edge: runs of rows that meet the same positions, and single pixels at the corners.
    fn edge(&self, depth: Meeting, column: usize, across: Meeting) {
        let height = self.phase(1);
        let inner = height.inner();
        let inner = inner.start.max(self.part.rows.start)..inner.end.min(self.part.rows.end);
        if inner.start < inner.end {
            let meeting = [depth, height.meeting(inner.start), across];
            self.tiles(meeting, (inner.start, column), inner.len(), true);
        }
        for row in self.part.rows.clone().filter(|row| !inner.contains(row)) {
            self.tiles([depth, height.meeting(row), across], (row, column), 1, true);
        }
    }

    /// A run of pixels along a row or down a column, all of which meet the same positions of the kernel.
    fn tiles(&self, meeting: [Meeting; 3], (row, column): (usize, usize), count: usize, down: bool) {
        let spec = &self.plan.spec;
        let [_, height, width] = &spec.axes;
        let (inputs, outputs) = (spec.inputs, spec.outputs);
        let group_in = self.plan.group_inputs();
        let phases = [self.phase(0), self.phase(1), self.phase(2)];
        let line = width.input * inputs;
        let step = if self.panel.tail > 0 { 1 } else { self.panel.width };
        let rows = group_in * step;
        let taps = [height.kernel * width.kernel, width.kernel, 1];
        let sources = [height.input * line, line, inputs];
        let mut walk = Walk { counts: [0, 0, 0, group_in], left: [0, 0, 0, 1], right: [0, 0, 0, step] };
        let (mut left, mut right) = (self.group * group_in, 0);
        for axis in 0..3 {
            walk.counts[axis] = meeting[axis].count;
            walk.left[axis] = phases[axis].offset_step * sources[axis];
            walk.right[axis] = phases[axis].tap_step() * taps[axis] * rows;
            left += meeting[axis].source * sources[axis];
            right += meeting[axis].tap * taps[axis] * rows;
        }
        if walk.left[2] == group_in && walk.right[2] == rows {
            // Neighbours of a row follow one another, and so do their channels: one run.
            walk.counts[3] *= walk.counts[2];
            walk.counts[2] = walk.counts[2].min(1);
        }
        let group_out = outputs / spec.groups.max(1);
        let start =
            self.group * self.plan.rows() * self.plan.group_width() + self.panel.first * self.plan.rows();
        let place = |axis: usize, index: usize| phases[axis].first + index * phases[axis].period;
        let pixel =
            (place(0, self.part.depth) * height.output + place(1, row)) * width.output + place(2, column);
        let (left_row, out_row) = if down {
            (phases[1].step * line, phases[1].period * width.output * self.target.pixel)
        } else {
            (phases[2].step * inputs, phases[2].period * self.target.pixel)
        };
        let first = self.group * group_out + self.panel.first;
        let bias = self.target.bias;
        let bias = if bias.is_null() { bias } else { bias.wrapping_add(first) };
        let mut done = 0;
        while done < count {
            let (kernel, pixels) = self.kernel(count, done);
            let tile = Tile {
                walk,
                left: self.image.as_ptr().wrapping_add(left + done * left_row),
                left_row,
                right: self.packed.as_ptr().wrapping_add(start + right),
                right_column: self.plan.rows(),
                out: self.target.out.wrapping_add(pixel * self.target.pixel + done * out_row + first),
                out_row,
                last: self.panel.last,
                accumulate: false,
                right_masked: false,
                bias,
                floor: self.target.floor,
            };
            // SAFETY: every pixel of the run meets the walk's positions, which lie in the image (`Phase::meeting`); the
            // panel holds a row for each; the pixels lie in the result and belong to this task alone; and the kernel was
            // selected for a level that the machine has.
            unsafe { kernel(&tile) }
            done += pixels;
        }
    }

    /// The kernel for the next pixels of a run of so many, of which some are done, and how many it takes.
    fn kernel(&self, count: usize, done: usize) -> (TileKernel, usize) {
        let kernels = &self.plan.kernels;
        if self.panel.tail > 0 {
            return kernels.tail(count - done, self.panel.tail);
        }
        let most = kernels.pixels(self.panel.registers);
        // Pieces of even size.
        let pixels = (count - done).div_ceil((count - done).div_ceil(most));
        (kernels.kernel(pixels, self.panel.registers), pixels)
    }
}
