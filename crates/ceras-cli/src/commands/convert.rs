//! `ceras convert`: a model from one kind of file to another.

use std::path::{Path, PathBuf};

use ceras::saving::FileKind;
use ceras::{Error, ErrorKind, Result};
use clap::Args;

use crate::report::{load, warn_all};

/// Write a model as another kind of file; the ending of OUT says which.
///
/// .keras is a whole model; .h5 is one for older Keras; .weights.h5 has the weights and the optimizer's state, .safetensors
/// the weights and the architecture, .json the architecture and what the model was compiled with.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  ceras convert old_model.h5 model.keras
  ceras convert model.keras model.safetensors")]
pub(crate) struct Convert {
    /// The model's file, of any kind that is known
    input: PathBuf,

    /// The file to write: .keras, .h5, .weights.h5, .safetensors or .json
    output: PathBuf,

    /// Print no warnings
    #[arg(long)]
    quiet: bool,
}

impl Convert {
    pub(crate) fn run(self) -> Result<()> {
        let kind = kind_of(&self.output)?;
        let model = load(&self.input, self.quiet)?;
        if kind == FileKind::Weights && !model.is_built() {
            let text = format!("`{}` has no weights yet", self.input.display());
            return Err(
                Error::new(ErrorKind::Data, text).hint("the model does not know the shape of its input")
            );
        }
        let contract =
            model.extras().contract.is_some() && matches!(kind, FileKind::Weights | FileKind::Config);
        let lost =
            contract.then(|| "the names of columns and classes have no place in such a file".to_owned());
        warn_all(lost.as_slice(), self.quiet);
        warn_all(&model.differs_in_keras(), self.quiet || kind == FileKind::Safetensors);
        model.save_as(&self.output, kind)
    }
}

/// The kind of file that a name stands for.
pub(crate) fn kind_of(path: &Path) -> Result<FileKind> {
    FileKind::of_name(path).ok_or_else(|| {
        let text = format!("`{}` does not say what kind of file is to be written", path.display());
        Error::new(ErrorKind::Usage, text)
            .hint("let it end in .keras, .h5, .weights.h5, .safetensors or .json")
    })
}
