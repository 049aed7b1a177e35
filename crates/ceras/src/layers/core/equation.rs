//! The equations of `EinsumDense`.

use ceras_graph::{Dim, Shape};

use crate::error::{Error, Result};
use crate::layers::declare::{misfit, unusable};

/// What a letter of an axis that `...` stands for is counted from; no equation has such letters.
const UNNAMED: u32 = 0xE000;

/// The letters of the axes of input, kernel and result; each axis that `...` stands for has one of its own.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Equation {
    pub(super) input: Vec<char>,
    pub(super) kernel: Vec<char>,
    pub(super) result: Vec<char>,
    /// How many axes `...` stands for, and whether they are the first.
    unnamed: usize,
    first: bool,
}

impl Equation {
    /// The equation for an input of this shape.
    ///
    /// # Errors
    /// It has none of Keras' three forms, or the input has fewer axes than letters.
    pub(super) fn parse(text: &str, input: &Shape) -> Result<Equation> {
        let wrong = || -> Error {
            unusable(format!("`{text}` is no equation of EinsumDense")).detail(
                "it has one of the forms `ab,bc->ac`, `...ab,bc->...ac` and `ab...,bc->ac...`, of letters",
            )
        };
        let (operands, result) = text.split_once("->").ok_or_else(wrong)?;
        let (left, kernel) = operands.split_once(',').ok_or_else(wrong)?;
        let (first, left, result) = match (left.strip_prefix("..."), result.strip_prefix("...")) {
            (Some(left), Some(result)) => (true, left, result),
            (None, None) => match (left.strip_suffix("..."), result.strip_suffix("...")) {
                (Some(left), Some(result)) => (false, left, result),
                (None, None) => {
                    let letters = left.chars().count();
                    if letters != input.rank() {
                        return Err(rank_misfit(text, letters, input));
                    }
                    (false, left, result)
                }
                _ => return Err(wrong()),
            },
            _ => return Err(wrong()),
        };
        let letters = [left, kernel, result].map(|part| part.chars().collect::<Vec<char>>());
        let plain = |letters: &Vec<char>| {
            !letters.is_empty()
                && letters
                    .iter()
                    .enumerate()
                    .all(|(place, letter)| letter.is_ascii_alphabetic() && !letters[..place].contains(letter))
        };
        if !letters.iter().all(plain) {
            return Err(wrong());
        }
        let [left, kernel, result] = letters;
        if let Some(letter) = result.iter().find(|letter| !left.contains(letter) && !kernel.contains(letter))
        {
            return Err(unusable(format!("`{letter}` of the result of `{text}` is no axis of an operand")));
        }
        let unnamed =
            input.rank().checked_sub(left.len()).ok_or_else(|| rank_misfit(text, left.len(), input))?;
        let extra = || (0..unnamed).filter_map(|place| char::from_u32(UNNAMED + u32::try_from(place).ok()?));
        let with = |letters: Vec<char>| -> Vec<char> {
            if first {
                extra().chain(letters).collect()
            } else {
                letters.into_iter().chain(extra()).collect()
            }
        };
        Ok(Equation { input: with(left), kernel, result: with(result), unnamed, first })
    }

    /// The dimensions of the result: those given, the batch, what `...` stands for, and what the input says.
    ///
    /// # Errors
    /// There is another number of dimensions than letters, or input and result differ along a letter.
    pub(super) fn result_dims(&self, input: &Shape, given: &[Dim]) -> Result<Vec<Dim>> {
        let (front, back) = if self.first { (self.unnamed.max(1), 0) } else { (1, self.unnamed) };
        let expected = self.result.len().saturating_sub(front + back);
        if given.len() != expected {
            return Err(unusable(format!(
                "`output_shape` must have {expected} dimensions, one for each letter of the result besides the batch; \
                 it has {}",
                given.len()
            )));
        }
        let dim = |(axis, letter): (usize, &char)| {
            let said = axis.checked_sub(front).and_then(|place| given.get(place).copied().flatten());
            let known =
                self.input.iter().position(|other| other == letter).and_then(|place| input.dim(place));
            match (said, known) {
                (Some(said), Some(known)) if said != known => Err(misfit(format!(
                    "`output_shape` has {said} along `{letter}`, and the input has {known}; its shape is {input}"
                ))),
                _ => Ok(said.or(known)),
            }
        };
        self.result.iter().enumerate().map(dim).collect()
    }

    /// The dimensions of the bias along these letters of the result: from the first of them on, 1 along others.
    ///
    /// # Errors
    /// A letter is none of the result's, or its dimension is unknown.
    pub(super) fn bias_dims(&self, letters: &str, result: &[Dim]) -> Result<Vec<usize>> {
        if let Some(letter) = letters.chars().find(|letter| !self.result.contains(letter)) {
            return Err(unusable(format!("`{letter}` of `bias_axes` is no letter of the result")));
        }
        let first = self.result.iter().position(|letter| letters.contains(*letter));
        let first = first.ok_or_else(|| unusable("`bias_axes` has no letters"))?;
        let dims = self.result.iter().zip(result).skip(first).map(|(letter, dim)| {
            if !letters.contains(*letter) {
                return Ok(1);
            }
            dim.ok_or_else(|| misfit(format!("the bias needs to know the axis `{letter}` of the result")))
        });
        dims.collect()
    }
}

fn rank_misfit(text: &str, letters: usize, input: &Shape) -> Error {
    misfit(format!("`{text}` needs an input of {letters} axes; its shape is {input}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms_are_read() {
        let shape = Shape::from([None, Some(5), Some(8)]);
        let plain = Equation::parse("abc,cd->abd", &shape).unwrap();
        assert_eq!(plain.result_dims(&shape, &[None, Some(7)]).unwrap(), [None, Some(5), Some(7)]);
        assert_eq!(plain.bias_dims("d", &[None, Some(5), Some(7)]).unwrap(), [7]);
        let left = Equation::parse("...x,xy->...y", &shape).unwrap();
        assert_eq!(left.result_dims(&shape, &[Some(7)]).unwrap(), [None, Some(5), Some(7)]);
        let right = Equation::parse("ab...,bc->ac...", &shape).unwrap();
        assert_eq!(right.result_dims(&shape, &[Some(7)]).unwrap(), [None, Some(7), Some(8)]);
        assert_eq!(right.bias_dims("c", &[None, Some(7), Some(8)]).unwrap(), [7, 1]);
    }

    #[test]
    fn other_forms_are_refused() {
        let shape = Shape::from([None, Some(5)]);
        for text in [
            "",
            "ab",
            "ab,bc",
            "ab->ac",
            "ab,bc->a1",
            "aab,bc->ac",
            "...ab,bc->ac",
            "ab,bc->ad",
            ",->",
            "...b,bc->...cc",
        ] {
            Equation::parse(text, &shape).unwrap_err();
        }
        let equation = Equation::parse("ab,bc->ac", &shape).unwrap();
        equation.result_dims(&shape, &[]).unwrap_err();
        equation.result_dims(&shape, &[Some(1), Some(2)]).unwrap_err();
        equation.bias_dims("b", &[None, Some(3)]).unwrap_err();
        equation.bias_dims("", &[None, Some(3)]).unwrap_err();
    }
}
