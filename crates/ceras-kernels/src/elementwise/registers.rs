//! A body as code: types checked, registers assigned.

use super::combine::combined;
use super::{Body, Register, TileKernel};
use crate::dtype::DType;
use crate::isa::Isa;

/// Slots are numbered: first the inputs, then the outputs, then the temporaries.
pub(super) type Slot = u16;

/// One call.
pub(super) struct Call {
    pub(super) kernel: TileKernel,
    /// Slots; those beyond the function's arity are slot 0 and not read.
    pub(super) arguments: [Slot; 3],
    pub(super) target: Slot,
}

/// A body's instructions as calls over slots.
///
/// An instruction that is an output has that output's slot as its target; temporaries are used again when they are dead.
/// A target is never one of the arguments, so that the loops may assume separate runs.
pub(super) struct RegisterProgram {
    pub(super) calls: Vec<Call>,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    /// Bytes per element of every slot.
    pub(super) sizes: Vec<usize>,
    /// Outputs that are an input or the same as an earlier output: (slot to copy from, output).
    pub(super) copies: Vec<(Slot, usize)>,
    /// What an element costs, in additions, about.
    pub(super) weight: usize,
    /// For each input the last call that reads it, if any.
    pub(super) last_read: Vec<Option<usize>>,
}

impl RegisterProgram {
    /// Checks a body and assigns registers; gives the body that the calls were made from, too: functions combined.
    pub(super) fn new(body: &Body, isa: Isa) -> Result<(RegisterProgram, Body), String> {
        let types = instruction_types(body)?;
        if body.outputs.iter().any(|output| type_of(body, &types, *output).is_none()) {
            return Err("an output names a register that does not exist".into());
        }
        let combined = if isa == Isa::Reference { body.clone() } else { combined(body, &types) };
        let body = &combined;
        let types = instruction_types(body)?;
        let (inputs, outputs) = (body.inputs.len(), body.outputs.len());
        if outputs > 62 || inputs + outputs + types.len() > usize::from(Slot::MAX) {
            return Err(format!("a body of {inputs} inputs and {outputs} outputs is too large"));
        }
        let output_types = body.outputs.iter().filter_map(|register| type_of(body, &types, *register));
        let sizes =
            body.inputs.iter().map(|operand| operand.dtype).chain(output_types).map(DType::size).collect();
        let weight =
            body.instructions.iter().map(|instruction| instruction.function.weight()).sum::<usize>().max(1);
        let (calls, copies, last_read) = (Vec::new(), Vec::new(), vec![None; inputs]);
        let mut program = RegisterProgram { calls, inputs, outputs, sizes, copies, weight, last_read };
        program.assign(body, &types, isa)?;
        Ok((program, combined))
    }

    fn assign(&mut self, body: &Body, types: &[DType], isa: Isa) -> Result<(), String> {
        let mut last_use = vec![0; types.len()];
        for (index, instruction) in body.instructions.iter().enumerate() {
            for argument in &instruction.arguments {
                match *argument {
                    Register::Input(input) => self.last_read[input] = Some(index),
                    Register::Instruction(earlier) => last_use[earlier] = index,
                }
            }
        }
        let mut homes: Vec<Slot> = Vec::with_capacity(types.len());
        let mut free: Vec<Slot> = Vec::new();
        for (index, instruction) in body.instructions.iter().enumerate() {
            let is_this = |register: &Register| *register == Register::Instruction(index);
            let home = match body.outputs.iter().position(is_this) {
                Some(output) => (self.inputs + output) as Slot,
                None => self.temporary(types[index].size(), &mut free),
            };
            homes.push(home);
            let slots = instruction.arguments.iter().map(|register| slot(&homes, *register));
            let mut arguments = [0; 3];
            arguments.iter_mut().zip(slots).for_each(|(argument, slot)| *argument = slot);
            let argument_types: Vec<DType> =
                instruction.arguments.iter().filter_map(|register| type_of(body, types, *register)).collect();
            let kernel = instruction.function.code(isa, &argument_types).ok_or_else(|| {
                format!("`{}` has no code for {argument_types:?} at level {isa}", instruction.function.name)
            })?;
            self.calls.push(Call { kernel, arguments, target: home });
            for (earlier, &home) in homes.iter().enumerate() {
                let dead = last_use[earlier].max(earlier) == index;
                if dead && usize::from(home) >= self.inputs + self.outputs && !free.contains(&home) {
                    free.push(home);
                }
            }
        }
        for (output, register) in body.outputs.iter().enumerate() {
            let from = slot(&homes, *register);
            if usize::from(from) != self.inputs + output {
                self.copies.push((from, output));
            }
        }
        Ok(())
    }

    /// A slot for elements of that size: one that is free, or a new one.
    fn temporary(&mut self, size: usize, free: &mut Vec<Slot>) -> Slot {
        match free.iter().position(|slot| self.sizes[usize::from(*slot)] == size) {
            Some(position) => free.swap_remove(position),
            None => {
                self.sizes.push(size);
                (self.sizes.len() - 1) as Slot
            }
        }
    }

    /// Whether an input is read by, or after, the call that writes an output.
    pub(super) fn reads_at_or_after(&self, input: usize, output: usize) -> bool {
        let target = (self.inputs + output) as Slot;
        let written = self.calls.iter().position(|call| call.target == target);
        self.copies.iter().any(|(slot, _)| usize::from(*slot) == input)
            || written.is_none_or(|written| self.last_read[input].is_some_and(|read| read >= written))
    }
}

fn slot(homes: &[Slot], register: Register) -> Slot {
    match register {
        Register::Input(index) => index as Slot,
        Register::Instruction(index) => homes[index],
    }
}

/// The types of all instructions, or what is wrong with the body.
fn instruction_types(body: &Body) -> Result<Vec<DType>, String> {
    if let Some(operand) = body.inputs.iter().find(|operand| operand.strides.len() != body.shape.len()) {
        return Err(format!(
            "an operand has {} strides for {} axes",
            operand.strides.len(),
            body.shape.len()
        ));
    }
    let mut types = Vec::with_capacity(body.instructions.len());
    for (index, instruction) in body.instructions.iter().enumerate() {
        let arguments: Option<Vec<DType>> =
            instruction.arguments.iter().map(|register| type_of(body, &types, *register)).collect();
        let arguments =
            arguments.ok_or_else(|| format!("instruction {index} reads what is not there yet"))?;
        let result = instruction.function.result(&arguments);
        types.push(
            result.ok_or_else(|| format!("`{}` does not take {arguments:?}", instruction.function.name))?,
        );
    }
    Ok(types)
}

fn type_of(body: &Body, types: &[DType], register: Register) -> Option<DType> {
    match register {
        Register::Input(index) => body.inputs.get(index).map(|operand| operand.dtype),
        Register::Instruction(index) => types.get(index).copied(),
    }
}
