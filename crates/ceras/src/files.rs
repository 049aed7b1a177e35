//! Reading and writing files: whole or not at all, and with errors that name the path.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind as Io, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};

/// What [`write_atomically`] hands to its closure: buffered, and it can seek.
pub type Writer<'a> = BufWriter<&'a mut File>;

/// Writes a file so that it is there whole or not at all: into a temporary file in the same folder, which is then
/// renamed into place. What stood there before is untouched unless all went well, and the temporary file is removed
/// if not. A target that is no regular file (a pipe, a terminal) is written to directly.
///
/// # Errors
/// The path cannot be written, or the closure failed.
///
/// # Examples
/// ```
/// use std::io::Write;
/// # let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("note.txt");
/// ceras::files::write_atomically(&path, |w| w.write_all(b"hello"))?;
/// assert_eq!(ceras::files::read(&path)?, b"hello");
/// # Ok::<(), ceras::error::Error>(())
/// ```
pub fn write_atomically(
    path: impl AsRef<Path>,
    write: impl FnOnce(&mut Writer<'_>) -> io::Result<()>,
) -> Result<()> {
    let path = path.as_ref();
    write_whole(path, write).map_err(|error| io_error("write", path, &error))
}

fn write_whole(path: &Path, write: impl FnOnce(&mut Writer<'_>) -> io::Result<()>) -> io::Result<()> {
    // Through a symbolic link, the file that it points to is replaced and not the link.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let existing = fs::metadata(&target).ok();
    if existing.as_ref().is_some_and(fs::Metadata::is_dir) || target.file_name().is_none() {
        return Err(io::Error::from(Io::IsADirectory));
    }
    if existing.as_ref().is_some_and(|metadata| !metadata.is_file()) {
        return fill(&mut File::options().write(true).open(&target)?, write);
    }
    if existing.as_ref().is_some_and(|metadata| metadata.permissions().readonly()) {
        return Err(io::Error::from(Io::PermissionDenied));
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".ceras-").suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(existing.map_or_else(new_file_permissions, |metadata| metadata.permissions()));
    let mut temporary = builder.tempfile_in(folder_of(&target))?;
    fill(temporary.as_file_mut(), write)?;
    temporary.as_file().sync_all()?;
    temporary.persist(&target).map_err(|error| error.error)?;
    Ok(())
}

fn fill(file: &mut File, write: impl FnOnce(&mut Writer<'_>) -> io::Result<()>) -> io::Result<()> {
    let mut writer = BufWriter::new(file);
    write(&mut writer)?;
    writer.flush()
}

/// What a plainly created file has, less the process' umask; temporary files are private otherwise.
#[cfg(unix)]
fn new_file_permissions() -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o666)
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Whether a file of this name could be written, to be asked before long work. Nothing stays behind.
///
/// # Errors
/// It could not.
pub fn check_writable(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let outcome = match fs::metadata(&target) {
        Ok(metadata) if metadata.is_dir() => Err(io::Error::from(Io::IsADirectory)),
        Ok(metadata) if metadata.permissions().readonly() => Err(io::Error::from(Io::PermissionDenied)),
        Ok(metadata) if !metadata.is_file() => Ok(()),
        _ => tempfile::Builder::new().prefix(".ceras-").tempfile_in(folder_of(&target)).map(drop),
    };
    outcome.map_err(|error| io_error("write", path, &error))
}

/// The bytes of a file.
///
/// # Errors
/// The file cannot be read.
pub fn read(path: impl AsRef<Path>) -> Result<Vec<u8>> {
    let path = path.as_ref();
    fs::read(path).map_err(|error| io_error("read", path, &error))
}

/// Opens a file to read it; gives its size too.
///
/// # Errors
/// The file cannot be read.
pub fn open(path: impl AsRef<Path>) -> Result<(File, u64)> {
    let path = path.as_ref();
    let opened = File::open(path).and_then(|file| {
        let metadata = file.metadata()?;
        if metadata.is_dir() { Err(io::Error::from(Io::IsADirectory)) } else { Ok((file, metadata.len())) }
    });
    opened.map_err(|error| io_error("read", path, &error))
}

/// Where downloads are kept: `CERAS_CACHE`, or `ceras` in the system's cache folder.
pub fn cache_folder() -> PathBuf {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("CERAS_CACHE").unwrap_or_else(|| {
        variable("XDG_CACHE_HOME")
            .or_else(|| variable("LOCALAPPDATA"))
            .or_else(|| variable("HOME").map(|home| home.join(".cache")))
            .unwrap_or_else(std::env::temp_dir)
            .join("ceras")
    })
}

/// Makes a folder and those above it, as far as they are not there.
///
/// # Errors
/// It cannot be made.
pub fn create_folder(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    fs::create_dir_all(path).map_err(|error| io_error("create", path, &error))
}

/// The error for an operation (`read`, `write`, `create`) on a path, in words.
///
/// An error that carries an [`Error`] of ours, as a closure of [`write_atomically`] may return, is given as it is.
pub fn io_error(action: &str, path: impl AsRef<Path>, error: &io::Error) -> Error {
    if let Some(ours) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        return ours.clone();
    }
    let path = path.as_ref();
    let made = Error::new(ErrorKind::File, format!("cannot {action} `{}`", path.display()));
    match error.kind() {
        Io::NotFound => not_found(made, action, path),
        Io::PermissionDenied if action == "read" => made.detail("reading it is not permitted"),
        Io::PermissionDenied => made.detail("writing there is not permitted").hint("choose another folder"),
        Io::ReadOnlyFilesystem => made.detail("the file system is read-only").hint("choose another folder"),
        Io::StorageFull | Io::QuotaExceeded => made.detail("no space is left on the device"),
        Io::IsADirectory => made.detail("it is a folder"),
        Io::NotADirectory => made.detail("a part of the path is a file and not a folder"),
        Io::AlreadyExists => made.detail("a file of that name is in the way"),
        Io::UnexpectedEof => made.detail("it ends before it should"),
        _ => made.detail(error.to_string()),
    }
}

fn not_found(made: Error, action: &str, path: &Path) -> Error {
    let folder = folder_of(path);
    if !folder.exists() {
        return made.detail(format!("there is no folder `{}`", folder.display()));
    }
    if action != "read" {
        return made.detail("there is no such file or folder");
    }
    let names: Vec<String> = fs::read_dir(&folder)
        .map(|entries| {
            entries.flatten().take(1000).map(|e| e.file_name().to_string_lossy().into_owned()).collect()
        })
        .unwrap_or_default();
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let made = made.detail("there is no such file");
    match crate::error::did_you_mean(&name, names.iter().map(String::as_str)) {
        Some(close) => made.hint(format!("did you mean `{}`?", path.with_file_name(close).display())),
        None => made,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_failed_write_leaves_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        write_atomically(&path, |w| w.write_all(b"old")).unwrap();
        let error = write_atomically(&path, |w| {
            w.write_all(b"half of the new")?;
            Err(io::Error::from(Io::StorageFull))
        });
        assert!(error.unwrap_err().to_string().contains("no space is left"));
        assert_eq!(read(&path).unwrap(), b"old");
        assert_eq!(entries(folder.path()), 1);
        write_atomically(&path, |w| w.write_all(b"new")).unwrap();
        assert_eq!(read(&path).unwrap(), b"new");
    }

    #[test]
    fn errors_name_the_path_and_what_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("penguins.csv"), "").unwrap();
        let error = read(folder.path().join("penguin.csv")).unwrap_err();
        assert!(error.to_string().contains("there is no such file"), "{error}");
        assert!(error.hint_text().unwrap().contains("penguins.csv"), "{error}");
        let error = read(folder.path().join("no/such.csv")).unwrap_err();
        assert!(error.to_string().contains("there is no folder"), "{error}");
        for error in [read(folder.path()).unwrap_err(), open(folder.path()).unwrap_err()] {
            assert!(error.to_string().contains("it is a folder"), "{error}");
        }
        let error = write_atomically(folder.path(), |_| Ok(())).unwrap_err();
        assert!(error.to_string().contains("it is a folder"), "{error}");
        let error = write_atomically(folder.path().join("penguins.csv/x"), |_| Ok(())).unwrap_err();
        assert!(error.to_string().starts_with("cannot write"), "{error}");
    }

    #[test]
    fn what_cannot_be_written_is_known_before() {
        let folder = tempfile::tempdir().unwrap();
        check_writable(folder.path().join("new")).unwrap();
        assert_eq!(entries(folder.path()), 0);
        let error = check_writable(folder.path().join("none/new")).unwrap_err();
        assert!(error.to_string().contains("there is no folder"), "{error}");
        assert!(check_writable(folder.path()).unwrap_err().to_string().contains("it is a folder"));
    }

    #[test]
    fn an_error_of_ours_passes_through() {
        let folder = tempfile::tempdir().unwrap();
        let ours = Error::new(ErrorKind::Data, "no");
        let given = ours.clone();
        let error = write_atomically(folder.path().join("x"), |_| Err(io::Error::other(given)));
        assert_eq!(error.unwrap_err(), ours);
        assert_eq!(entries(folder.path()), 0);
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_links_and_modes_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&file, &link).unwrap();
        write_atomically(&link, |w| w.write_all(b"new")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        write_atomically("/dev/null", |w| w.write_all(b"gone")).unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}
