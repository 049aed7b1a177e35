//! The folder that a run leaves behind: `NAME-1`, `NAME-2`, …, complete or not there at all.

use std::io::ErrorKind as Io;
use std::path::{Path, PathBuf};

use ceras::{Error, ErrorKind, Result};
use tempfile::TempDir;

/// A folder in the making: files are written beside their final place, which appears only when all are there.
#[derive(Debug)]
pub(crate) struct RunFolder {
    parent: PathBuf,
    name: String,
    building: TempDir,
    /// Folders that were made for this run, outermost first; removed again when it fails.
    made: Vec<PathBuf>,
    done: bool,
}

impl RunFolder {
    /// Makes sure, before any work is done, that the run can be written.
    pub(crate) fn create(parent: &Path, name: &str) -> Result<RunFolder> {
        let made = missing_folders(parent);
        std::fs::create_dir_all(parent).map_err(|error| cannot_write(parent, &error))?;
        let builder = TempDir::with_prefix_in(format!(".{name}-"), parent);
        let building = match builder {
            Ok(building) => building,
            Err(error) => {
                remove_empty(&made);
                return Err(cannot_write(parent, &error));
            }
        };
        Ok(RunFolder { parent: parent.to_owned(), name: name.to_owned(), building, made, done: false })
    }

    /// Where a file is written for now.
    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.building.path().join(file)
    }

    /// Writes a text file.
    pub(crate) fn write(&self, file: &str, text: &str) -> Result<()> {
        let path = self.path(file);
        std::fs::write(&path, text).map_err(|error| cannot_write(&path, &error))
    }

    /// Moves the folder to the first free number and gives its path.
    pub(crate) fn finish(mut self) -> Result<PathBuf> {
        for number in 1.. {
            let target = self.parent.join(format!("{}-{number}", self.name));
            // Making the folder claims the number, so that two runs at once never share one.
            match std::fs::create_dir(&target) {
                Ok(()) => {}
                Err(error) if error.kind() == Io::AlreadyExists => continue,
                Err(error) => return Err(cannot_write(&target, &error)),
            }
            if let Err(error) = std::fs::rename(self.building.path(), &target) {
                let _ = std::fs::remove_dir(&target);
                return Err(cannot_write(&target, &error));
            }
            self.done = true;
            set_permissions(&target);
            return Ok(target);
        }
        Err(Error::new(ErrorKind::File, "no number is free for this run"))
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        if !self.done {
            let _ = std::fs::remove_dir_all(self.building.path());
            remove_empty(&self.made);
        }
    }
}

/// Temporary folders are private; a run is not.
fn set_permissions(folder: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let _ = std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755));
    }
    #[cfg(not(unix))]
    let _ = folder;
}

/// The folders of a path that are not there yet, outermost first.
fn missing_folders(path: &Path) -> Vec<PathBuf> {
    let mut missing: Vec<PathBuf> = path
        .ancestors()
        .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
        .map(Path::to_owned)
        .collect();
    missing.reverse();
    missing
}

fn remove_empty(folders: &[PathBuf]) {
    for folder in folders.iter().rev() {
        let _ = std::fs::remove_dir(folder);
    }
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Error {
    let text = format!("cannot write to `{}`: {error}", path.display());
    Error::new(ErrorKind::File, text).hint("choose another folder with `--out`")
}
