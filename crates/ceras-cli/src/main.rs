//! The `ceras` command.

mod commands;
mod pictures;
mod report;
mod run_folder;
mod table;
mod train;

use std::process::ExitCode;

use ceras::{ErrorKind, Result};
use clap::{Parser, Subcommand};

/// Neural networks from the shell: Keras' words, Keras' files, no Python.
#[derive(Debug, Parser)]
#[command(name = "ceras", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "\
Start with `ceras train`: it trains a classifier of penguins on a table that comes with the program.

Exit codes: 0 done; 1 it could not be done, and why is on standard error; 2 the command line asks for what cannot be.
`ceras diff` has its own: 0 the same, 1 different, 2 trouble.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Train(commands::train::Train),
    Predict(commands::predict::Predict),
    Profile(commands::profile::Profile),
    Evaluate(commands::evaluate::Evaluate),
    Fit(commands::fit::Fit),
    Summary(commands::summary::Summary),
    Inspect(commands::inspect::Inspect),
    Convert(commands::convert::Convert),
    Diff(commands::diff::Diff),
    Doctor(commands::doctor::Doctor),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Train(train) => train.run(),
        Command::Predict(predict) => predict.run(),
        Command::Profile(profile) => profile.run(),
        Command::Evaluate(evaluate) => evaluate.run(),
        Command::Fit(fit) => fit.run(),
        Command::Summary(summary) => summary.run(),
        Command::Inspect(inspect) => inspect.run(),
        Command::Convert(convert) => convert.run(),
        Command::Diff(diff) => return compared(diff.run()),
        Command::Doctor(doctor) => doctor.run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::complain(&error);
            ExitCode::from(if error.kind() == ErrorKind::Usage { 2 } else { 1 })
        }
    }
}

/// The exit code of a comparison, as `diff` has it.
fn compared(same: Result<bool>) -> ExitCode {
    match same {
        Ok(same) => ExitCode::from(u8::from(!same)),
        Err(error) => {
            report::complain(&error);
            ExitCode::from(2)
        }
    }
}
