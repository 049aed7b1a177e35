//! Adam's update in one loop.
//!
//! The body that an Adam optimizer comes to after [combining](super::combine) is five calls over eight operands. As calls
//! they pass through the L1 cache five times and, as the results lie where the operands do, through stages that are
//! copied; here an element is read once and written once. The functions and their order are those of the calls, so no
//! bit changes.

use super::combine::{Approach, ApproachSquare, MinusQuotient, RootPlus};
use super::kernel::{Level, Map2, Map3, Portable};
use super::layout::{Kind, Layout};
use super::{Body, Register};
use crate::dtype::DType;
use crate::io::RawView;
use crate::isa::Isa;

/// Elements that are worked on at a time.
const LANES: usize = 16;

type Code = unsafe fn(&Operands, len: usize);

/// The body, recognised.
///
/// `m' = m + (g − m)·b`, `v' = v + (g·g − v)·c`, `w' = w − m'·a / (√v' + e)`.
#[derive(Debug)]
pub(super) struct Adam {
    /// The numbers of the inputs `g`, `m`, `v`, `w`.
    runs: [usize; 4],
    /// The numbers of the inputs `b`, `c`, `a`, `e`: one element each.
    scalars: [usize; 4],
    /// The numbers of the outputs `m'`, `v'`, `w'`.
    outputs: [usize; 3],
    code: Code,
}

/// Where a run of elements lies.
pub(super) struct Operands {
    runs: [*const f32; 4],
    scalars: [f32; 4],
    outputs: [*mut f32; 3],
}

impl Adam {
    /// Recognises a body whose functions have been combined, laid out for dense operands.
    pub(super) fn of(body: &Body, layout: &Layout, isa: Isa) -> Option<Adam> {
        let single = body.inputs.iter().all(|operand| operand.dtype == DType::F32);
        if !single || body.inputs.len() != 8 || body.instructions.len() != 5 || body.outputs.len() != 3 {
            return None;
        }
        let call = |register: Register, name: &str| match register {
            Register::Instruction(index) => {
                let instruction = &body.instructions[index];
                (instruction.function.name == name).then_some(&instruction.arguments[..])
            }
            Register::Input(_) => None,
        };
        let input = |register: Register| match register {
            Register::Input(index) => Some(index),
            Register::Instruction(_) => None,
        };
        let place = |register: Register| body.outputs.iter().position(|output| *output == register);
        body.outputs.iter().enumerate().find_map(|(last, &result)| {
            let &[w, step, root] = call(result, "minus_quotient")? else { return None };
            let &[momentum, a] = call(step, "multiply")? else { return None };
            let &[velocity, e] = call(root, "root_plus")? else { return None };
            let &[m, g, b] = call(momentum, "approach")? else { return None };
            let &[v, same, c] = call(velocity, "approach_square")? else { return None };
            let runs = [input(g)?, input(m)?, input(v)?, input(w)?];
            let scalars = [input(b)?, input(c)?, input(a)?, input(e)?];
            let fits = same == g
                && runs.iter().all(|run| layout.accesses[*run].kind == Kind::Linear)
                && scalars.iter().all(|scalar| layout.accesses[*scalar].kind == Kind::Splat);
            let outputs = [place(momentum)?, place(velocity)?, last];
            fits.then(|| Adam { runs, scalars, outputs, code: code(isa) })
        })
    }

    /// Updates so many elements from `start` on.
    ///
    /// # Safety
    /// The views are contiguous, hold what the body reads and writes, and overlap only where an input is an output.
    pub(super) unsafe fn run(&self, inputs: &[RawView], outputs: &[RawView], start: usize, len: usize) {
        let operands = Operands {
            runs: self.runs.map(|run| inputs[run].pointer.cast::<f32>().wrapping_add(start).cast_const()),
            // SAFETY: an input of one element holds it.
            scalars: self.scalars.map(|scalar| unsafe { inputs[scalar].pointer.cast::<f32>().read() }),
            outputs: self.outputs.map(|output| outputs[output].pointer.cast::<f32>().wrapping_add(start)),
        };
        // SAFETY: the level is one that this machine has; the rest as the caller vouches.
        unsafe { (self.code)(&operands, len) }
    }
}

fn code(isa: Isa) -> Code {
    match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => avx2,
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => avx512,
        _ => portable,
    }
}

unsafe fn portable(operands: &Operands, len: usize) {
    // SAFETY: passed on to the caller.
    unsafe { update::<Portable>(operands, len) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn avx2(operands: &Operands, len: usize) {
    // SAFETY: passed on to the caller.
    unsafe { update::<super::kernel::Fma>(operands, len) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512vl,avx512bw,avx512dq")]
unsafe fn avx512(operands: &Operands, len: usize) {
    // SAFETY: passed on to the caller.
    unsafe { update::<super::kernel::Fma>(operands, len) }
}

/// # Safety
/// The pointers are valid for `len` elements.
#[inline(always)]
unsafe fn update<L: Level>(operands: &Operands, len: usize) {
    let mut at = 0;
    // SAFETY: each block ends at `len` or before it.
    unsafe {
        while at + LANES <= len {
            block::<L, LANES>(operands, at);
            at += LANES;
        }
        while at + 4 <= len {
            block::<L, 4>(operands, at);
            at += 4;
        }
        while at < len {
            block::<L, 1>(operands, at);
            at += 1;
        }
    }
}

/// Reads all operands of `N` elements before it writes the first result, which may lie where an operand does.
///
/// # Safety
/// The pointers are valid for `at + N` elements.
#[inline(always)]
unsafe fn block<L: Level, const N: usize>(operands: &Operands, at: usize) {
    // SAFETY: as the caller vouches.
    let [g, m, v, w] = operands.runs.map(|run| unsafe { run.add(at).cast::<[f32; N]>().read() });
    let [b, c, a, e] = operands.scalars;
    let (mut momentum, mut velocity, mut weight) = (m, v, w);
    for i in 0..N {
        momentum[i] = Approach::map::<L>(m[i], g[i], b);
        velocity[i] = ApproachSquare::map::<L>(v[i], g[i], c);
        let root = RootPlus::map::<L>(velocity[i], e);
        weight[i] = MinusQuotient::map::<L>(w[i], momentum[i] * a, root);
    }
    for (output, result) in operands.outputs.iter().zip([momentum, velocity, weight]) {
        // SAFETY: as the caller vouches.
        unsafe { output.add(at).cast::<[f32; N]>().write(result) }
    }
}
