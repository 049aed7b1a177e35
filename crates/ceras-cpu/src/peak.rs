//! What fills the arena where it is fullest.

use ceras_kernels::{Region, Space};

use crate::executable::Executable;

/// Bytes in the arena, from one step to another, both included.
struct Live {
    label: String,
    region: Region,
    bytes: usize,
    start: usize,
    end: usize,
}

impl Executable {
    /// What lies in the arena at the step at which most of it is in use: for each value and each scratch space the label of the
    /// step that wrote it (or the name of the input) and its bytes, in the order in which they were written.
    ///
    /// Their sum is at most [`Executable::arena_bytes`]; the rest lies idle at that step.
    pub fn arena_at_peak(&self) -> Vec<(String, usize)> {
        let lives = self.lives();
        let mut change = vec![0isize; self.steps() + 1];
        for live in &lives {
            change[live.start] += live.bytes as isize;
            change[(live.end + 1).min(self.steps())] -= live.bytes as isize;
        }
        let (mut sum, mut most, mut peak) = (0, 0, 0);
        for (step, change) in change.iter().take(self.steps().max(1)).enumerate() {
            sum += change;
            if sum > most {
                (most, peak) = (sum, step);
            }
        }
        let at_peak = lives.into_iter().filter(|live| (live.start..=live.end).contains(&peak));
        at_peak.map(|live| (live.label, live.bytes)).collect()
    }

    /// All that is ever in the arena, and when.
    fn lives(&self) -> Vec<Live> {
        let mut lives: Vec<Live> = Vec::new();
        // Those whose bytes nobody has written over yet.
        let mut current: Vec<usize> = Vec::new();
        let last = self.steps().saturating_sub(1);
        for port in self.inputs.iter().filter(|port| port.region.space == Space::Arena) {
            // Inputs keep their contents.
            current.push(lives.len());
            lives.push(live(&port.name, &port.region, 0, last));
        }
        for (index, step) in self.program.steps().iter().enumerate() {
            for read in step.inputs.iter().filter(|region| region.space == Space::Arena) {
                last_use(&mut lives, &current, read, index);
            }
            for written in step.outputs.iter().filter(|region| region.space == Space::Arena) {
                current.retain(|&place| {
                    let over = lives[place].region.overlaps(written);
                    if over && lives[place].end >= index {
                        // Written over in place: the bytes count once.
                        lives[place].end = index.saturating_sub(1).max(lives[place].start);
                    }
                    !over
                });
                current.push(lives.len());
                lives.push(live(&step.label, written, index, index));
            }
            if let Some(scratch) = step.scratch.as_ref().filter(|region| region.space == Space::Arena) {
                current.retain(|&place| !lives[place].region.overlaps(scratch));
                lives.push(live(&step.label, scratch, index, index));
            }
        }
        for port in self.outputs.iter().filter(|port| port.region.space == Space::Arena) {
            last_use(&mut lives, &current, &port.region, last);
        }
        lives
    }
}

/// Those of the places whose bytes are read at this step live until then.
fn last_use(lives: &mut [Live], places: &[usize], read: &Region, step: usize) {
    for &place in places {
        let live = &mut lives[place];
        if live.region.overlaps(read) {
            live.end = live.end.max(step);
        }
    }
}

fn live(label: &str, region: &Region, start: usize, end: usize) -> Live {
    Live { label: label.to_owned(), region: *region, bytes: region.bytes(), start, end }
}
