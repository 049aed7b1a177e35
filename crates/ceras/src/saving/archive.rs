//! The `.keras` container: a zip archive whose members are read by name into memory, never onto the disk.

use std::io::{self, Cursor, Read, Seek, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::error::{Error, ErrorKind, Result};

/// The members of a `.keras` file, in Keras' order.
pub(crate) const METADATA: &str = "metadata.json";
/// Architecture and compile state.
pub(crate) const CONFIG: &str = "config.json";
/// Weights and optimizer state.
pub(crate) const WEIGHTS: &str = "model.weights.h5";
/// Weights as NumPy keeps them; not readable without running code.
pub(crate) const WEIGHTS_NPZ: &str = "model.weights.npz";
/// What Keras has no place for.
pub(crate) const EXTRAS: &str = "ceras.json";

/// A member up to this size may be compressed as well as it likes.
const ALWAYS_ALLOWED: u64 = 16 << 20;
/// Beyond, a member that unpacks to more than so many times what is stored is a bomb: Keras stores, it does not compress.
const MAX_EXPANSION: u64 = 100;

/// The members of a `.keras` file, from a zip archive or from a folder.
pub(crate) enum Archive {
    /// A zip archive in memory, and its size.
    Zip(ZipArchive<Cursor<Vec<u8>>>, u64),
    /// A folder, as Keras writes with `zipped=False`.
    Folder(std::path::PathBuf),
}

impl Archive {
    /// The archive of these bytes.
    pub(crate) fn open(bytes: Vec<u8>) -> Result<Archive> {
        let size = bytes.len() as u64;
        ZipArchive::new(Cursor::new(bytes)).map(|zip| Archive::Zip(zip, size)).map_err(|error| {
            Error::new(ErrorKind::File, "the zip archive is damaged or cut off").detail(error.to_string())
        })
    }

    /// The names of the members.
    pub(crate) fn names(&self) -> Vec<String> {
        match self {
            Archive::Zip(zip, _) => zip.file_names().flatten().map(|name| name.into_owned()).collect(),
            Archive::Folder(folder) => {
                let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
                entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
            }
        }
    }

    /// How many bytes a member of a zip archive says that it has.
    pub(crate) fn size(&mut self, name: &str) -> u64 {
        match self {
            Archive::Zip(zip, _) => zip.by_name(name).map_or(0, |member| member.size()),
            Archive::Folder(folder) => std::fs::metadata(folder.join(name)).map_or(0, |data| data.len()),
        }
    }

    /// The bytes of a member; `None` when there is none of that name.
    pub(crate) fn member(&mut self, name: &str) -> Result<Option<Vec<u8>>> {
        match self {
            Archive::Zip(zip, _) if zip.index_for_name(name).is_none() => Ok(None),
            Archive::Zip(zip, _) => {
                read_member(zip, name).map(Some).map_err(|error| error.context(format!("in member `{name}`")))
            }
            Archive::Folder(folder) => match folder.join(name) {
                path if path.is_file() => crate::files::read(path).map(Some),
                _ => Ok(None),
            },
        }
    }
}

/// What layers keep beside the weights, such as vocabularies, stands below this folder.
const ASSETS: &str = "assets/";

impl Archive {
    /// The members below `assets/`, by name, in order. They are kept in memory and written into another archive, and never to
    /// a path; names that would lead out of a folder are left out all the same.
    ///
    /// # Errors
    /// A member is damaged, or all together unpack to far more than the archive holds.
    pub(crate) fn assets(&mut self) -> Result<Vec<(String, Vec<u8>)>> {
        let mut names = match self {
            Archive::Zip(..) => self.names(),
            Archive::Folder(folder) => files_below(folder, ASSETS.trim_end_matches('/'), 0),
        };
        names.retain(|name| name.starts_with(ASSETS) && !name.ends_with('/') && is_inside(name));
        names.sort();
        names.dedup();
        let (mut assets, mut total) = (Vec::new(), 0u64);
        for name in names {
            let Some(bytes) = self.member(&name)? else { continue };
            total = total.saturating_add(bytes.len() as u64);
            if matches!(self, Archive::Zip(_, size) if total > ALWAYS_ALLOWED.max(size.saturating_mul(MAX_EXPANSION)))
            {
                return Err(Error::new(ErrorKind::File, "the archive unpacks to far more than it holds"));
            }
            assets.push((name, bytes));
        }
        Ok(assets)
    }
}

/// The files below a folder, as paths in it with slashes; links are not followed.
fn files_below(root: &std::path::Path, folder: &str, depth: usize) -> Vec<String> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(root.join(folder)).into_iter().flatten().flatten() {
        let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else { continue };
        let path = format!("{folder}/{name}");
        if kind.is_dir() && depth < 16 {
            files.extend(files_below(root, &path, depth + 1));
        } else if kind.is_file() {
            files.push(path);
        }
    }
    files
}

/// Whether a name stays in the folder that it is unpacked in, on every system.
fn is_inside(name: &str) -> bool {
    !name.contains(['\\', ':', '\0'])
        && name.split('/').all(|part| !part.is_empty() && part != ".." && part != ".")
}

fn read_member(zip: &mut ZipArchive<Cursor<Vec<u8>>>, name: &str) -> Result<Vec<u8>> {
    let broken =
        |what: String| Error::new(ErrorKind::File, "the zip archive is damaged or cut off").detail(what);
    let mut member = zip.by_name(name).map_err(|error| broken(error.to_string()))?;
    let limit = ALWAYS_ALLOWED.max(member.compressed_size().saturating_mul(MAX_EXPANSION));
    if member.size() > limit {
        return Err(Error::new(ErrorKind::File, "the archive unpacks to far more than it holds").detail(
            format!("{} bytes are stored, {} are claimed", member.compressed_size(), member.size()),
        ));
    }
    // The vector grows with what is really there, not with what the header claims.
    let mut bytes = Vec::new();
    let read =
        member.by_ref().take(limit + 1).read_to_end(&mut bytes).map_err(|error| broken(error.to_string()))?;
    if read as u64 > limit {
        return Err(Error::new(ErrorKind::File, "the archive unpacks to far more than it holds"));
    }
    Ok(bytes)
}

/// Writes members as Keras does: stored, dated 1 January 1980, in the order given.
pub(crate) fn write_members<W: Write + Seek>(writer: W, members: &[(&str, &[u8])]) -> io::Result<()> {
    let mut zip = ZipWriter::new(writer);
    let mut write = || -> io::Result<()> {
        for (name, bytes) in members {
            let options = SimpleFileOptions::default()
                .compression_method(CompressionMethod::Stored)
                .last_modified_time(DateTime::default())
                .unix_permissions(0o600)
                .large_file(bytes.len() as u64 >= u64::from(u32::MAX));
            zip.start_file(*name, options).map_err(io_error)?;
            zip.write_all(bytes)?;
        }
        Ok(())
    };
    match write() {
        Ok(()) => zip.finish().map(|_| ()).map_err(io_error),
        Err(error) => {
            // Dropped, it would try once more and write its failure to standard error.
            std::mem::forget(zip);
            Err(error)
        }
    }
}

/// The error below a zip error, so that a full disk is said to be one.
fn io_error(error: zip::result::ZipError) -> io::Error {
    match error {
        zip::result::ZipError::Io(error) => error,
        error => io::Error::other(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_read_back_and_the_bytes_are_the_same_each_time() {
        let write = || {
            let mut bytes = Cursor::new(Vec::new());
            write_members(&mut bytes, &[("a", b"first"), ("b", b"")]).unwrap();
            bytes.into_inner()
        };
        assert_eq!(write(), write());
        let mut archive = Archive::open(write()).unwrap();
        assert_eq!(archive.member("a").unwrap().unwrap(), b"first");
        assert_eq!(archive.member("b").unwrap().unwrap(), b"");
        assert!(archive.member("c").unwrap().is_none());
    }

    #[test]
    fn assets_are_kept_and_names_that_lead_elsewhere_are_not() {
        let mut bytes = Cursor::new(Vec::new());
        let names = [
            "assets/layers/a/vocabulary.txt",
            "assets/../../evil",
            "assets/b\\..\\evil",
            "assets//c",
            "/assets/d",
        ];
        let members: Vec<(&str, &[u8])> = names.iter().map(|name| (*name, &b"x"[..])).collect();
        write_members(&mut bytes, &members).unwrap();
        let assets = Archive::open(bytes.into_inner()).unwrap().assets().unwrap();
        assert_eq!(assets, [(names[0].to_owned(), b"x".to_vec())]);
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("assets/layers/a")).unwrap();
        std::fs::write(folder.path().join(names[0]), b"x").unwrap();
        assert_eq!(Archive::Folder(folder.path().to_owned()).assets().unwrap(), assets);
    }

    #[test]
    fn many_small_bombs_are_refused_too() {
        let mut bytes = Cursor::new(Vec::new());
        let mut zip = ZipWriter::new(&mut bytes);
        let zeros = vec![0u8; ALWAYS_ALLOWED as usize - 1];
        for number in 0..3 {
            let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
            zip.start_file(format!("assets/{number}"), options).unwrap();
            zip.write_all(&zeros).unwrap();
        }
        zip.finish().unwrap();
        let error = Archive::open(bytes.into_inner()).unwrap().assets().unwrap_err();
        assert!(error.to_string().contains("far more than it holds"), "{error}");
    }

    #[test]
    fn bombs_are_refused() {
        let mut bytes = Cursor::new(Vec::new());
        let mut zip = ZipWriter::new(&mut bytes);
        zip.start_file(CONFIG, SimpleFileOptions::default().compression_method(CompressionMethod::Deflated))
            .unwrap();
        let zeros = vec![0u8; 1 << 20];
        (0..32).for_each(|_| zip.write_all(&zeros).unwrap());
        zip.finish().unwrap();
        let error = Archive::open(bytes.into_inner()).unwrap().member(CONFIG).unwrap_err();
        assert!(error.to_string().contains("far more than it holds"), "{error}");
    }
}
