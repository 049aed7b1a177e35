//! The convolution as products of pixels with panels of the kernel, read where they lie.
//!
//! Nothing of the image is copied: a tile is a run of pixels of one row, and a pixel's neighbours are as far apart as the
//! strides say. Pixels at the left and right edges meet fewer positions of the kernel; they are taken in runs down the
//! columns instead. Only the kernel is copied, into panels as wide as the registers.

use std::ops::Range;

use super::Spec;
use super::tile::{Kernels, Panel, Tile, Walk, kernels};
use super::walk::{Meeting, Phase};
use crate::disjoint::Disjoint;
use crate::io::Io;
use crate::isa::Isa;
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
}

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
        let panels = kernels.panels(spec.outputs / groups);
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
        Direct { spec, kernels, panels, phases, tasks }
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
        let (image, kernel, out) = (io.input::<f32>(0), io.input::<f32>(1), io.output::<f32>(0));
        let scratch = io.scratch::<f32>();
        self.pack(io.pool(), kernel, scratch);
        let packed: &[f32] = scratch;
        let (size_in, size_out) = (
            self.spec.input_positions() * self.spec.inputs,
            self.spec.output_positions() * self.spec.outputs,
        );
        let out = Disjoint::new(out);
        let parts = self.tasks.len();
        io.pool().for_each(self.spec.batch * parts, &|task| {
            let (batch, part) = (task / parts, &self.tasks[task % parts]);
            let image = &image[batch * size_in..][..size_in];
            let target = out.pointer().wrapping_add(batch * size_out);
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
            for tap in 0..taps {
                for c in 0..group_in {
                    let row = &mut target[(tap * group_in + c) * panel.width..][..panel.width];
                    let column = group * group_out + panel.first;
                    if self.spec.transposed {
                        let base = (taps - 1 - tap) * group_out + panel.first;
                        for (j, weight) in row[..columns].iter_mut().enumerate() {
                            *weight = kernel[(base + j) * inputs + group * group_in + c];
                        }
                    } else {
                        let from = (tap * group_in + c) * outputs + column;
                        row[..columns].copy_from_slice(&kernel[from..from + columns]);
                    }
                    row[columns..].fill(0.0);
                }
            }
        });
    }

    /// Computes a part of an image.
    fn part(&self, part: &Part, image: &[f32], packed: &[f32], out: *mut f32) {
        let groups = self.spec.groups.max(1);
        for group in 0..groups {
            for panel in &self.panels {
                let job = Job { plan: self, part, image, out, group, panel, packed };
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
    out: *mut f32,
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
        let rows = group_in * self.panel.width;
        let taps = [height.kernel * width.kernel, width.kernel, 1];
        let sources = [height.input * line, line, inputs];
        let mut walk =
            Walk { counts: [0, 0, 0, group_in], left: [0, 0, 0, 1], right: [0, 0, 0, self.panel.width] };
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
            (phases[1].step * line, phases[1].period * width.output * outputs)
        } else {
            (phases[2].step * inputs, phases[2].period * outputs)
        };
        let most = self.plan.kernels.pixels;
        let pieces = count.div_ceil(most);
        let mut done = 0;
        for piece in 0..pieces {
            let pixels = (count - done).div_ceil(pieces - piece);
            let tile = Tile {
                walk,
                left: self.image.as_ptr().wrapping_add(left + done * left_row),
                left_row,
                right: self.packed.as_ptr().wrapping_add(start + right),
                out: self.out.wrapping_add(
                    pixel * outputs + done * out_row + self.group * group_out + self.panel.first,
                ),
                out_row,
                last: self.panel.last,
                accumulate: false,
                right_masked: false,
            };
            // SAFETY: every pixel of the run meets the walk's positions, which lie in the image (`Phase::meeting`); the
            // panel holds a row for each; the pixels lie in the result and belong to this task alone; and the kernel was
            // selected for a level that the machine has.
            unsafe { self.plan.kernels.kernel(pixels, self.panel.registers)(&tile) }
            done += pixels;
        }
    }
}
