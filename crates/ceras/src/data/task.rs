//! What a target asks for: classes or numbers.

use std::fmt;

use super::column::{Column, Values};

/// What is to be predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Task {
    /// One of several classes.
    Classification,
    /// A number.
    Regression,
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Task::Classification => "classification",
            Task::Regression => "regression",
        })
    }
}

/// A task that was assumed, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guess {
    /// The task.
    pub task: Task,
    /// The reason in words, such as ``column `species` holds text``.
    pub why: String,
}

/// Whole numbers with at most this many distinct values are taken for classes.
const CLASSES: usize = 20;

/// The task that a target column asks for: text, truth values, or whole numbers with at most 20 distinct values are
/// classes; all else is numbers.
///
/// # Examples
/// ```
/// use ceras::data::{Column, Task, guess_task};
/// let guess = guess_task(&Column::new("digit", [3i64, 1, 4, 1]));
/// assert_eq!(guess.task, Task::Classification);
/// assert_eq!(guess.why, "column `digit` holds whole numbers, 3 distinct ones");
/// ```
pub fn guess_task(target: &Column) -> Guess {
    let name = target.name();
    let (task, why) = match target.values() {
        Values::Text(_) => (Task::Classification, "text".to_owned()),
        Values::Bool(_) => (Task::Classification, "true and false".to_owned()),
        Values::Number(_) => (Task::Regression, "numbers with a point".to_owned()),
        Values::Integer(_) => match target.classes().len() {
            distinct @ ..=CLASSES => {
                (Task::Classification, format!("whole numbers, {distinct} distinct ones"))
            }
            distinct => {
                (Task::Regression, format!("whole numbers, {distinct} distinct ones, more than {CLASSES}"))
            }
        },
    };
    Guess { task, why: format!("column `{name}` holds {why}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses() {
        let task = |column: Column| guess_task(&column).task;
        assert_eq!(task(Column::new("y", ["a"])), Task::Classification);
        assert_eq!(task(Column::new("y", [true])), Task::Classification);
        assert_eq!(task(Column::new("y", [1.0, 2.0])), Task::Regression);
        assert_eq!(task(Column::new("y", (0..20i64).collect::<Vec<_>>())), Task::Classification);
        assert_eq!(task(Column::new("y", (0..21i64).collect::<Vec<_>>())), Task::Regression);
        assert_eq!(task(Column::new("y", [Some(0i64), None, Some(1)])), Task::Classification);
        assert_eq!(format!("{:>11}", Task::Regression), " regression");
    }
}
