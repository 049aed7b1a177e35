//! Text for people, on standard output and standard error.

use std::io::{ErrorKind as Io, Write};
use std::path::Path;

use ceras::saving::CustomObjects;
use ceras::{Error, ErrorKind, Model, Result};

/// Prints a line. A reader that went away (`| head`) is no reason to stop working.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Prints what a command is for. A reader that went away has what it wanted; a full disk is an error.
pub(crate) fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != Io::BrokenPipe => {
            Err(ceras::files::io_error("write", "standard output", &error))
        }
        _ => Ok(()),
    }
}

/// Loads a model, and says what could not be taken over.
pub(crate) fn load(path: &Path, quiet: bool) -> Result<Model> {
    let loaded = ceras::saving::load(path, &CustomObjects::new().replace_lambdas()).map_err(|error| {
        match error.kind() {
            ErrorKind::File | ErrorKind::Unsupported
                if path.exists() && ceras::saving::inspect(path).is_ok() =>
            {
                error.hint(format!("`ceras inspect {}` shows what is in the file", path.display()))
            }
            _ => error,
        }
    })?;
    warn_all(&loaded.warnings, quiet);
    Ok(loaded.model)
}

/// Prints warnings, unless nothing but errors is wanted.
pub(crate) fn warn_all(texts: &[String], quiet: bool) {
    texts.iter().filter(|_| !quiet).for_each(|text| warn(text));
}

/// Prints an error: what, where, and what to try.
pub(crate) fn complain(error: &Error) {
    let _ = writeln!(std::io::stderr(), "error: {}", without_source_lines(&error.to_string()));
}

/// An error without the places in Rust sources that are for those who write a program with the library.
fn without_source_lines(text: &str) -> String {
    let is_place = |words: &str| {
        words.rsplit_once(".rs:").is_some_and(|(_, line)| line.bytes().all(|digit| digit.is_ascii_digit()))
    };
    let lines = text.lines().filter(|line| !line.trim_start().strip_prefix("at ").is_some_and(is_place));
    let kept = lines.map(|line| match line.rsplit_once(" (") {
        Some((start, place)) if place.strip_suffix(')').is_some_and(is_place) => start.trim_end(),
        _ => line,
    });
    kept.collect::<Vec<_>>().join("\n")
}

/// Prints a warning.
pub(crate) fn warn(text: &str) {
    let _ = writeln!(std::io::stderr(), "warning: {text}");
}

/// Names in a row with commas, the last with "and".
pub(crate) fn list(names: &[impl AsRef<str>]) -> String {
    match names {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [rest @ .., last] => {
            let rest: Vec<&str> = rest.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", rest.join(", "), last.as_ref())
        }
    }
}

/// Names of columns as [`list`] writes them; of a great many, how many they are and the ends of the row.
pub(crate) fn columns(names: &[impl AsRef<str>]) -> String {
    match names {
        [first, second, third, .., last] if names.len() > 20 => {
            let ends = [first, second, third].map(AsRef::as_ref).join(", ");
            format!("{} columns ({ends}, … {})", names.len(), last.as_ref())
        }
        few => list(few),
    }
}

/// A number and the right form of the word for it.
pub(crate) fn count(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

#[cfg(test)]
mod tests {
    #[test]
    fn errors_show_no_lines_of_rust() {
        let text = "layer `a` cannot take this input\n  x   float32 [2]   output of `b`   (crates/x/src/y.rs:12)\n  at src/z.rs:3\n  in `model` (layer 3)";
        let shown =
            "layer `a` cannot take this input\n  x   float32 [2]   output of `b`\n  in `model` (layer 3)";
        assert_eq!(super::without_source_lines(text), shown);
    }

    #[test]
    fn many_columns_are_counted() {
        let names: Vec<String> = (0..21).map(|number| format!("c{number}")).collect();
        assert_eq!(super::columns(&names), "21 columns (c0, c1, c2, … c20)");
        assert_eq!(super::columns(&names[..3]), "c0, c1 and c2");
    }
}
