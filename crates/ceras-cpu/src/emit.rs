//! From placed items to the steps of a program.

use ceras_kernels::{Kernel, Region, Step};

use crate::copy::CopyRows;
use crate::executable::StepInfo;
use crate::lower::Work;
use crate::placement::{Place, Placement, slice_of};
use crate::schedule::{Id, Item, Schedule};

/// What a step does to memory, told apart from how it was planned, for the [check](crate::check).
#[derive(Debug)]
pub(crate) enum Event {
    /// Reads values from regions, spoils the scratch, then writes values to regions.
    Step { label: String, reads: Vec<(Id, Region)>, scratch: Option<Region>, writes: Vec<(Id, Region)> },
    /// The region holds this value too, since it is what was copied there.
    Same(Id, Region),
    /// The region holds the value, since these parts of it hold theirs.
    Join { whole: (Id, Region), parts: Vec<(Id, Region)> },
    /// The commit segment begins.
    Commit,
}

/// Steps in order.
#[derive(Debug, Default)]
pub(crate) struct Emitted {
    pub(crate) steps: Vec<Step>,
    pub(crate) info: Vec<StepInfo>,
    pub(crate) events: Vec<Event>,
    /// Steps of the compute segment.
    pub(crate) compute: usize,
}

/// Makes the steps. The works of the items move into them.
pub(crate) fn emit(schedule: &mut Schedule, placement: &Placement) -> Emitted {
    let items = std::mem::take(&mut schedule.items);
    let mut emitted = Emitted::default();
    let compute = schedule.compute;
    for (position, item) in items.into_iter().enumerate() {
        if position == compute {
            emitted.begin_commit();
        }
        emitted.item(schedule, placement, position, item);
    }
    if !emitted.events.iter().any(|event| matches!(event, Event::Commit)) {
        emitted.begin_commit();
    }
    emitted
}

impl Emitted {
    fn begin_commit(&mut self) {
        self.compute = self.steps.len();
        self.events.push(Event::Commit);
    }

    fn item(&mut self, schedule: &Schedule, placement: &Placement, position: usize, item: Item) {
        // What has no bytes takes no work.
        if item.outputs.iter().all(|&output| schedule.values[output].bytes == 0) {
            return;
        }
        let Item { label, op, flops, work, inputs, outputs, in_place } = item;
        let regions = |values: &[Id]| values.iter().map(|&value| (value, placement.region(value))).collect();
        let draft =
            Draft { label, op, flops, reads: regions(&inputs), writes: regions(&outputs), scratch: None };
        match work {
            Work::View => {}
            Work::Copy => {
                let region = draft.writes[0].1;
                self.step(schedule, draft, Box::new(CopyRows), Vec::new());
                self.events.push(Event::Same(inputs[0], region));
            }
            Work::Concatenate { axis, kernel } => self.concatenate(schedule, placement, draft, axis, kernel),
            Work::Kernel(step) => {
                let draft = Draft { scratch: placement.scratch(position), ..draft };
                self.step(schedule, draft, step.kernel, in_place);
            }
        }
    }

    /// Copies those operands that do not lie in their slices; runs the kernel when none does.
    fn concatenate(
        &mut self,
        schedule: &Schedule,
        placement: &Placement,
        draft: Draft,
        axis: usize,
        kernel: Box<dyn Kernel>,
    ) {
        let inputs: Vec<Id> = draft.reads.iter().map(|(value, _)| *value).collect();
        let (result, region) = draft.writes[0];
        let whole = placement.place(result);
        let slices: Vec<Place> =
            (0..inputs.len()).map(|operand| slice_of(schedule, &whole, &inputs, operand, axis)).collect();
        let lies = |operand: usize| placement.place(inputs[operand]) == slices[operand];
        let even = draft.reads.iter().chain(&draft.writes).all(|(_, region)| region.is_contiguous());
        if even && !(0..inputs.len()).any(lies) {
            self.step(schedule, draft, kernel, Vec::new());
            return;
        }
        let mut parts = Vec::new();
        for operand in 0..inputs.len() {
            let value = inputs[operand];
            let slice = (value, placement.resolve(&slices[operand]));
            parts.push(slice);
            if !lies(operand) && schedule.values[value].bytes > 0 {
                let (label, reads) = (draft.label.clone(), vec![draft.reads[operand]]);
                let part = Draft { label, op: draft.op, flops: 0, reads, writes: vec![slice], scratch: None };
                self.step(schedule, part, Box::new(CopyRows), Vec::new());
            }
        }
        self.events.push(Event::Join { whole: (result, region), parts });
    }

    fn step(
        &mut self,
        schedule: &Schedule,
        draft: Draft,
        kernel: Box<dyn Kernel>,
        in_place: Vec<(usize, usize)>,
    ) {
        let Draft { label, op, flops, reads, writes, scratch } = draft;
        let results = writes.iter().map(|(value, _)| {
            let info = &schedule.values[*value];
            (info.name.clone(), info.ty.clone())
        });
        self.info.push(StepInfo { op, flops, results: results.collect() });
        self.steps.push(Step {
            label: label.clone(),
            kernel,
            inputs: reads.iter().map(|(_, region)| *region).collect(),
            outputs: writes.iter().map(|(_, region)| *region).collect(),
            scratch,
            in_place,
        });
        self.events.push(Event::Step { label, reads, scratch, writes });
    }
}

/// A step without its kernel.
struct Draft {
    label: String,
    op: &'static str,
    flops: u64,
    reads: Vec<(Id, Region)>,
    writes: Vec<(Id, Region)>,
    scratch: Option<Region>,
}
