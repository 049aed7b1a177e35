//! What went wrong, where, and what to try.
//!
//! An [`Error`] is a message, details below it, the places around it (each level adds the one that it alone knows)
//! and a hint. It is displayed once, at the top.

use std::fmt;

use ceras_graph::GraphError;
use ceras_graph::error::{Operand, write_operands};
use ceras_graph::tensor::TensorError;

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of thing went wrong, for programs that act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An argument or option that cannot be.
    Usage,
    /// Values that cannot be worked with: text among numbers, missing or infinite cells, unknown columns.
    Data,
    /// Shapes or types that do not fit each other.
    Shape,
    /// A file or folder that cannot be read or written, or holds something else than it should.
    File,
    /// Training could not go on, such as after a loss that is not finite.
    Training,
    /// Something that Keras has and ceras does not.
    Unsupported,
}

/// What went wrong: the message, details, context from the inside out, and a hint.
///
/// # Examples
/// ```
/// use ceras::error::{Error, ErrorKind};
/// let error = Error::new(ErrorKind::Data, "there is no column `specis`")
///     .detail("the columns are `species` and `island`")
///     .context("in `penguins.csv`")
///     .hint("did you mean `species`?");
/// assert_eq!(
///     error.to_string(),
///     "there is no column `specis`\n  the columns are `species` and `island`\n  in `penguins.csv`\n\nhint: did you mean `species`?"
/// );
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    message: String,
    details: Vec<String>,
    context: Vec<String>,
    hint: Option<String>,
    kind: ErrorKind,
    /// Whether the message names the layer already.
    in_layer: bool,
}

impl Error {
    /// An error with its first line: what cannot be done, in lower case and without a full stop.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error {
            message: message.into(),
            details: Vec::new(),
            context: Vec::new(),
            hint: None,
            kind,
            in_layer: false,
        }
    }

    /// Adds a line (or several) that says more.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Error {
        self.details.push(detail.into());
        self
    }

    /// Adds the next place outwards, such as ``in model `sequential`, layer 3 of 5``.
    #[must_use]
    pub fn context(mut self, context: impl Into<String>) -> Error {
        self.context.push(context.into());
        self
    }

    /// Says what to try. A hint that is there already stays: it was given nearer to the cause.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// Says what to try instead of what a check says that knows less.
    #[must_use]
    pub(crate) fn another_hint(mut self, hint: impl Into<String>) -> Error {
        self.hint = Some(hint.into());
        self
    }

    /// Puts another first line in place of the message, which becomes the first detail.
    #[must_use]
    pub fn within(mut self, message: impl Into<String>) -> Error {
        let inner = std::mem::replace(&mut self.message, message.into());
        self.details.insert(0, inner);
        self
    }

    /// Says which layer it happened in, the innermost one; layers further out change nothing.
    #[must_use]
    pub fn in_layer(mut self, path: &str, class_name: &str) -> Error {
        if std::mem::replace(&mut self.in_layer, true) {
            return self;
        }
        let name = path.rsplit('/').next().unwrap_or(path);
        let bare = format!("layer `{name}` cannot take this input");
        let full = format!("layer `{name}` ({class_name}) cannot take this input");
        if self.message == bare {
            self.message = full;
            return self;
        }
        match self.kind {
            ErrorKind::Shape => self.within(full),
            _ => self.within(format!("layer `{name}` ({class_name}) is not right")),
        }
    }

    /// Says which of the known words was probably meant, when one is close.
    #[must_use]
    pub fn suggest<'a>(self, word: &str, known: impl IntoIterator<Item = &'a str>) -> Error {
        match did_you_mean(word, known) {
            Some(close) => self.hint(format!("did you mean `{close}`?")),
            None => self,
        }
    }

    /// The kind.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The first line.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The details.
    pub fn details(&self) -> &[String] {
        &self.details
    }

    /// The places around it, innermost first.
    pub fn contexts(&self) -> &[String] {
        &self.context
    }

    /// What to try, if anything is known.
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for line in self.details.iter().chain(&self.context).flat_map(|text| text.lines()) {
            write!(f, "\n  {line}")?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\n\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

/// The same text as [`Display`](fmt::Display), since `unwrap` and `fn main() -> Result<()>` show this one to people.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

impl From<TensorError> for Error {
    fn from(error: TensorError) -> Error {
        Error::new(ErrorKind::Shape, error.0)
    }
}

/// The layer that could not take its input (or the op, outside of any layer), the rule, and the operands in columns.
impl From<GraphError> for Error {
    fn from(error: GraphError) -> Error {
        let message = match error.scope.rsplit('/').next().filter(|layer| !layer.is_empty()) {
            Some(layer) => format!("layer `{layer}` cannot take this input"),
            None => format!("`{}` cannot take these operands", error.op),
        };
        let mut converted = Error::new(ErrorKind::Shape, message).detail(error.rule);
        if !error.operands.is_empty() {
            converted = converted.detail(Columns(&error.operands).to_string().trim_start_matches('\n'));
        }
        if error.scope.contains('/') {
            converted = converted.context(format!("in `{}`", error.scope));
        }
        match error.location {
            Some(location) => converted.context(format!("at {}:{}", location.file(), location.line())),
            None => converted,
        }
    }
}

/// Operands, one a line, in columns, indented below the rule.
struct Columns<'a>(&'a [Operand]);

impl fmt::Display for Columns<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_operands(f, self.0, "  ")
    }
}

/// The one of `known` that `word` probably stands for: the closest by edit distance (Damerau and Levenshtein's,
/// upper and lower case alike), when that is at most a third of the word's length, or 1; of equals the one whose case fits
/// better, then the first.
///
/// # Examples
/// ```
/// use ceras::error::did_you_mean;
/// assert_eq!(did_you_mean("specis", ["island", "species"]), Some("species".to_owned()));
/// assert_eq!(did_you_mean("colour", ["island", "species"]), None);
/// ```
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let lower = |word: &str| word.to_lowercase().chars().collect::<Vec<char>>();
    let letters: Vec<char> = word.chars().collect();
    let lowered = lower(word);
    let limit = (lowered.len() / 3).max(1);
    let distances = |candidate: &'a str| {
        let alike = edit_distance(&lowered, &lower(candidate));
        (alike <= limit).then(|| (alike, edit_distance(&letters, &candidate.chars().collect::<Vec<_>>())))
    };
    let close = known.into_iter().filter_map(|candidate| Some((distances(candidate)?, candidate)));
    close.min_by_key(|(distances, _)| *distances).map(|(_, candidate)| candidate.to_owned())
}

/// Insertions, deletions, substitutions and swaps of neighbours that lead from `a` to `b`, no part edited twice
/// (the "optimal string alignment" form of Damerau and Levenshtein's distance).
fn edit_distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let substitution = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = substitution.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use ceras_graph::{DType, TensorType};

    fn distance(a: &str, b: &str) -> usize {
        edit_distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>())
    }

    #[test]
    fn edit_distances() {
        assert_eq!(distance("", ""), 0);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("adam", "adma"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("größe", "grosse"), 3);
    }

    #[test]
    fn suggestions() {
        let known = ["adam", "sgd", "rmsprop"];
        assert_eq!(did_you_mean("Adma", known), Some("adam".to_owned()));
        assert_eq!(did_you_mean("SGD", known), Some("sgd".to_owned()));
        assert_eq!(did_you_mean("momentum", known), None);
        assert_eq!(did_you_mean("", known), None);
        assert_eq!(did_you_mean("acuracy", ["Accuracy", "accuracy"]), Some("accuracy".to_owned()));
        assert_eq!(did_you_mean("Acuracy", ["accuracy", "Accuracy"]), Some("Accuracy".to_owned()));
    }

    #[test]
    fn graph_errors_read_as_designed() {
        let operand = |name: &str, dims: [usize; 2], origin: &str| Operand {
            name: name.to_owned(),
            ty: TensorType::new(DType::F32, dims),
            origin: origin.to_owned(),
            location: None,
        };
        let error = Error::from(GraphError {
            op: "dot_general",
            rule: "the last axis of `inputs` must be 16, the first axis of `kernel`; it is 15".to_owned(),
            operands: vec![
                operand("inputs", [8, 15], "output of `concatenate`"),
                operand("kernel", [16, 32], "loaded from `iris.keras`"),
            ],
            scope: "sequential/dense_1".to_owned(),
            location: None,
        });
        let expected = "layer `dense_1` cannot take this input
  the last axis of `inputs` must be 16, the first axis of `kernel`; it is 15
    inputs   float32 [8, 15]    output of `concatenate`
    kernel   float32 [16, 32]   loaded from `iris.keras`
  in `sequential/dense_1`";
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.kind(), ErrorKind::Shape);
    }

    #[test]
    fn the_hint_nearest_to_the_cause_stays() {
        let error = Error::new(ErrorKind::Usage, "a").hint("near").hint("far").within("b");
        assert_eq!(error.to_string(), "b\n  a\n\nhint: near");
    }
}
