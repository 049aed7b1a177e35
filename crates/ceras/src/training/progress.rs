//! What `fit` shows while it runs: a live line on a terminal, one line an epoch in a file or pipe.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::arguments::Verbose;
use super::history::Logs;

/// A live line is drawn anew this often at the most.
const REDRAW: Duration = Duration::from_millis(100);

/// The display of one run.
#[derive(Debug)]
pub(crate) struct Progress {
    verbose: Verbose,
    epochs: usize,
    steps: usize,
    bar: Option<ProgressBar>,
    epoch_start: Instant,
    drawn: Instant,
}

impl Progress {
    pub(crate) fn new(verbose: Verbose, epochs: usize, steps: usize) -> Progress {
        let verbose = match verbose {
            Verbose::Auto if std::io::stdout().is_terminal() => Verbose::Bar,
            Verbose::Auto => Verbose::Line,
            chosen => chosen,
        };
        let now = Instant::now();
        Progress { verbose, epochs, steps, bar: None, epoch_start: now, drawn: now }
    }

    /// An epoch, counted from 0, begins.
    pub(crate) fn begin(&mut self, epoch: usize) {
        self.epoch_start = Instant::now();
        if self.verbose != Verbose::Bar {
            return;
        }
        let bar = ProgressBar::with_draw_target(Some(self.steps as u64), ProgressDrawTarget::stdout());
        if let Ok(style) = ProgressStyle::with_template("{prefix} {pos}/{len} {bar:24.cyan/dim} {msg}") {
            bar.set_style(style.progress_chars("━╸─"));
        }
        bar.set_prefix(format!("Epoch {}/{}", epoch + 1, self.epochs));
        self.bar = Some(bar);
    }

    /// Whether the live line is due to be drawn again.
    pub(crate) fn is_due(&self) -> bool {
        self.bar.is_some() && self.drawn.elapsed() >= REDRAW
    }

    /// So many batches are done.
    pub(crate) fn batch(&mut self, done: usize, logs: &Logs) {
        if let Some(bar) = &self.bar {
            bar.set_position(done as u64);
            bar.set_message(numbers(logs));
            self.drawn = Instant::now();
        }
    }

    /// The epoch is over.
    pub(crate) fn end(&mut self, epoch: usize, logs: &Logs) {
        let seconds = self.epoch_start.elapsed().as_secs_f64();
        let text = format!("{} - {}", duration(seconds), numbers(logs));
        match self.bar.take() {
            Some(bar) => {
                bar.set_position(self.steps as u64);
                bar.finish_with_message(text);
            }
            None if self.verbose == Verbose::Line => {
                // A reader that went away (`| head`) must not end the training.
                let _ = writeln!(std::io::stdout(), "Epoch {}/{} - {text}", epoch + 1, self.epochs);
            }
            None => {}
        }
    }
}

/// Metrics as people read them, loss first and validation last, as Keras prints them.
fn numbers(logs: &Logs) -> String {
    let mut keys: Vec<(&str, f64)> = logs.iter().collect();
    keys.sort_by_key(|(key, _)| (key.starts_with("val_"), !key.trim_start_matches("val_").eq("loss")));
    keys.iter().map(|(key, value)| format!("{key}: {}", number(*value))).collect::<Vec<_>>().join(" - ")
}

/// Four decimals, or four digits where that would show zeros only.
pub(crate) fn number(value: f64) -> String {
    if value != 0.0 && value.abs() < 1e-3 { format!("{value:.4e}") } else { format!("{value:.4}") }
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => format!("{:.0} ms", s * 1e3),
        s if s < 60.0 => format!("{s:.1} s"),
        s => format!("{:.0} min {:.0} s", (s / 60.0).floor(), s % 60.0),
    }
}
