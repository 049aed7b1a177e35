//! `ceras predict`: a network's answers for new rows.

use std::path::{Path, PathBuf};

use ceras::data::npy;
use ceras::saving::CustomObjects;
use ceras::{Error, ErrorKind, Result};
use clap::Args;

use crate::report::{say, warn};
use crate::rows::Rows;

/// Ask a trained network about new rows.
#[derive(Debug, Args)]
pub(crate) struct Predict {
    /// The model's file
    model: PathBuf,

    /// The rows: a CSV file with a header line, or an array (.npy)
    #[arg(long, value_name = "FILE")]
    x: PathBuf,

    /// Where to write the answers (.csv or .npy); standard output by default
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Predict {
    pub(crate) fn run(self) -> Result<()> {
        let writes_array = match &self.output {
            Some(path) => is_array(path)?,
            None => false,
        };
        let loaded = ceras::saving::load(&self.model, &CustomObjects::new())?;
        loaded.warnings.iter().for_each(|text| warn(text));
        let mut model = loaded.model;
        let contract = model.extras().contract.clone();
        let rows = Rows::load(&self.x, &model, contract.as_ref())?;
        let answers = model.predict(&rows.x)?;
        match &self.output {
            Some(path) if writes_array => npy::write(path, &answers),
            Some(path) => Rows::to_table(&answers, contract.as_ref())?.write_csv(path),
            None => {
                Rows::to_table(&answers, contract.as_ref())?.to_csv().lines().for_each(say);
                Ok(())
            }
        }
    }
}

/// Whether a file's ending asks for an array rather than a table.
fn is_array(path: &Path) -> Result<bool> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("npy") => Ok(true),
        Some("csv") => Ok(false),
        _ => {
            let text = format!("`{}` is neither .csv nor .npy", path.display());
            Err(Error::new(ErrorKind::Usage, text))
        }
    }
}
