//! The `ceras` command.

mod commands;
mod report;
mod rows;
mod run_folder;
mod table;
mod train;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Neural networks from the shell: Keras' words, Keras' files, no Python.
#[derive(Debug, Parser)]
#[command(name = "ceras", version, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "Start with `ceras train`: it trains a classifier of penguins on a table that comes with the program."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Train(commands::train::Train),
    Predict(commands::predict::Predict),
    Doctor(commands::doctor::Doctor),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Train(train) => train.run(),
        Command::Predict(predict) => predict.run(),
        Command::Doctor(doctor) => doctor.run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::complain(&error);
            ExitCode::FAILURE
        }
    }
}
