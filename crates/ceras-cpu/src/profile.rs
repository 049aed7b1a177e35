//! Time, work and traffic of each step, and the plan as text.

use std::fmt::Write as _;
use std::time::Instant;

use ceras_kernels::{Region, Space};

use crate::executable::Executable;
use crate::memory::Memory;

/// What a step costs.
#[derive(Clone, Debug, PartialEq)]
pub struct StepProfile {
    /// Layer path and op, such as `model/dense_1/dot_general`.
    pub label: String,
    /// The op.
    pub op: &'static str,
    /// Seconds of a run: the median of the runs, less what looking at the clock takes.
    pub seconds: f64,
    /// Floating-point operations, estimated from the op and its types.
    pub flops: u64,
    /// Bytes read and written.
    pub bytes: u64,
}

impl Executable {
    /// Runs the plan so many times (at least once) and times each step; one entry for each step, in order.
    ///
    /// The runs are real: state is written if the guard allows it. Steps of the commit segment that the guard kept
    /// from running have 0 seconds.
    pub fn profile(&mut self, memory: &mut Memory, runs: usize) -> Vec<StepProfile> {
        self.reserve(memory);
        let mut times: Vec<Vec<f64>> = vec![Vec::with_capacity(runs); self.steps()];
        for _ in 0..runs.max(1) {
            let (compute, end) = (self.compute, self.steps());
            self.run_timed(memory, 0..compute, &mut times);
            if self.guard_allows(memory) {
                self.run_timed(memory, compute..end, &mut times);
            }
        }
        let clock = clock_seconds();
        let profiles = times.iter_mut().enumerate().map(|(index, times)| {
            let seconds = (median(times) - clock).max(0.0);
            self.step_profile(index, seconds)
        });
        profiles.collect()
    }

    fn run_timed(&mut self, memory: &mut Memory, steps: std::ops::Range<usize>, times: &mut [Vec<f64>]) {
        let mut observe = |index: usize, seconds: f64| times[index].push(seconds);
        self.program.run_timed(&mut memory.arena, &mut memory.state, &memory.pool, steps, &mut observe);
    }

    fn step_profile(&self, index: usize, seconds: f64) -> StepProfile {
        let (step, info) = (&self.program.steps()[index], &self.info[index]);
        let bytes = step.inputs.iter().chain(&step.outputs).map(|region| region.bytes() as u64).sum();
        StepProfile { label: step.label.clone(), op: info.op, seconds, flops: info.flops, bytes }
    }

    /// The plan as text: its sizes, inputs and outputs, and the steps with their regions.
    ///
    /// A region is `block[start..end]`; `block[start..end by stride]` has gaps between its rows. A `*` marks an
    /// output that is written over an input.
    pub fn describe(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "plan for {}: {} steps ({} compute, {} commit), arena {} bytes, state {} bytes, constants {} bytes",
            self.isa,
            self.steps(),
            self.compute,
            self.steps() - self.compute,
            self.arena_bytes(),
            self.state_bytes(),
            self.constant_bytes()
        );
        for port in self.inputs.iter().chain(&self.outputs) {
            let _ = writeln!(text, "  {}: {} at {}", port.name, port.ty, show(&port.region));
        }
        for (index, step) in self.program.steps().iter().enumerate() {
            if index == self.compute {
                let guard = self.guard.map(|region| format!(" if {}", show(&region))).unwrap_or_default();
                let _ = writeln!(text, "commit{guard}:");
            }
            let inputs: Vec<String> = step.inputs.iter().map(show).collect();
            let outputs = step.outputs.iter().enumerate().map(|(output, region)| {
                let in_place = step.in_place.iter().any(|pair| pair.1 == output);
                format!("{}{}", show(region), if in_place { "*" } else { "" })
            });
            let outputs: Vec<String> = outputs.collect();
            let scratch =
                step.scratch.map(|region| format!("  scratch {}", show(&region))).unwrap_or_default();
            let line = format!("{} -> {}{scratch}", inputs.join(" "), outputs.join(" "));
            let _ = writeln!(text, "{index:5}  {}  {}", step.label, line.trim_start());
        }
        text
    }
}

/// What a measurement of nothing measures.
fn clock_seconds() -> f64 {
    let mut times: Vec<f64> = (0..101).map(|_| Instant::now().elapsed().as_secs_f64()).collect();
    median(&mut times)
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(0.0)
}

fn show(region: &Region) -> String {
    let space = match region.space {
        Space::Arena => "arena",
        Space::State => "state",
        Space::Constants => "constants",
    };
    let end = region.end().unwrap_or(region.offset);
    if region.is_contiguous() {
        format!("{space}[{}..{end}]", region.offset)
    } else {
        format!("{space}[{}..{end} by {}]", region.offset, region.stride_bytes)
    }
}
