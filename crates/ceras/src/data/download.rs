//! Files of data sets from where their makers keep them, into the cache folder.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sha2::{Digest, Sha256};

use super::pictures::Remote;
use crate::error::{Error, ErrorKind, Result};
use crate::models::readable;

/// How long a server may take to be reached and to begin its answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a whole file may take.
const TRANSFER: Duration = Duration::from_secs(60 * 60);

/// Downloads a file into a folder, whole and checked or not at all. Of an archive (`.tar.gz`) the `members` are unpacked in its
/// place.
///
/// # Errors
/// The server is not reached or does not give the file; what comes is not the file that is meant; it cannot be written.
pub(super) fn fetch(base: &str, remote: &Remote<'_>, members: &[&str], folder: &Path) -> Result<()> {
    let url = format!("{base}{}", remote.name);
    let failed = |detail: String| {
        Error::new(ErrorKind::File, format!("cannot download {url}"))
            .detail(detail)
            .hint(format!("bring the file here by other means and put it into {}", folder.display()))
    };
    crate::files::create_folder(folder)?;
    let temporary = tempfile::Builder::new().prefix(".ceras-").tempfile_in(folder);
    let mut temporary = temporary.map_err(|error| crate::files::io_error("write", folder, &error))?;
    let body = request(&url).map_err(failed)?;
    let found = receive(body, remote, temporary.as_file_mut()).map_err(failed)?;
    if found != remote.sha256 {
        let detail = format!("its SHA-256 is {found}; that of the right file is {}", remote.sha256);
        return Err(failed(detail));
    }
    if remote.name.ends_with(".tar.gz") {
        temporary.rewind().map_err(|error| failed(error.to_string()))?;
        return unpack(temporary.as_file(), members, folder).map_err(failed);
    }
    let path = folder.join(remote.name);
    crate::files::write_atomically(&path, |writer| {
        let file = temporary.as_file_mut();
        file.rewind()?;
        io::copy(file, writer).map(|_| ())
    })
}

/// The body of the answer.
fn request(url: &str) -> std::result::Result<impl Read, String> {
    let config = ureq::Agent::config_builder()
        .timeout_connect(Some(PATIENCE))
        .timeout_recv_response(Some(PATIENCE))
        .timeout_recv_body(Some(TRANSFER));
    let answer = ureq::Agent::new_with_config(config.build()).get(url).call();
    match answer {
        Ok(answer) => Ok(answer.into_body().into_reader()),
        Err(ureq::Error::StatusCode(code)) => Err(format!("the server answers with status {code}")),
        Err(error) => Err(format!("the server was not reached: {error}")),
    }
}

/// Puts what comes into a file, and gives its SHA-256.
fn receive(mut body: impl Read, remote: &Remote<'_>, file: &mut File) -> std::result::Result<String, String> {
    let bar = shown(remote);
    let (mut sum, mut got) = (Sha256::new(), 0u64);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count =
            body.read(&mut buffer).map_err(|error| format!("it broke off after {got} bytes: {error}"))?;
        if count == 0 {
            break;
        }
        got += count as u64;
        if got > remote.bytes {
            return Err(format!("it is longer than {} bytes, which is what it should have", remote.bytes));
        }
        sum.update(&buffer[..count]);
        file.write_all(&buffer[..count]).map_err(|error| format!("it cannot be written: {error}"))?;
        bar.set_position(got);
    }
    bar.finish_and_clear();
    if got < remote.bytes {
        return Err(format!("it broke off after {got} of {} bytes", remote.bytes));
    }
    Ok(sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A bar on a terminal, a line elsewhere.
fn shown(remote: &Remote<'_>) -> ProgressBar {
    let text = format!("downloading {} ({})", remote.name, readable(remote.bytes as usize));
    let mut stderr = io::stderr();
    if !stderr.is_terminal() {
        // Nobody listening is no reason not to download.
        let _ = writeln!(stderr, "{text}");
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(remote.bytes), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{msg} {bar:24.cyan/dim} {percent}%") {
        bar.set_style(style.progress_chars("━╸─"));
    }
    bar.with_message(text)
}

/// Takes the files of these names out of an archive, whatever folders they are in there.
fn unpack(archive: &File, members: &[&str], folder: &Path) -> std::result::Result<(), String> {
    let wrong = |error: io::Error| format!("the archive cannot be read: {error}");
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(io::BufReader::new(archive)));
    let mut missing: Vec<&str> = members.to_vec();
    for entry in archive.entries().map_err(wrong)? {
        let mut entry = entry.map_err(wrong)?;
        let path = entry.path().map_err(wrong)?.into_owned();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(place) = missing.iter().position(|member| *member == name) else { continue };
        let target = folder.join(missing.swap_remove(place));
        crate::files::write_atomically(target, |writer| io::copy(&mut entry, writer).map(|_| ()))
            .map_err(|error| error.to_string())?;
    }
    match missing.first() {
        None => Ok(()),
        Some(name) => Err(format!("the archive has no `{name}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// A server that gives each of its callers the same answer; its address.
    fn server(answer: Vec<u8>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut request = Vec::new();
                let mut byte = [0];
                while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1)
                {
                    request.push(byte[0]);
                }
                stream.write_all(&answer).unwrap();
            }
        });
        format!("http://{address}/")
    }

    fn answer(status: &str, length: usize, body: &[u8]) -> Vec<u8> {
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        [head.as_bytes(), body].concat()
    }

    fn sum(bytes: &[u8]) -> String {
        Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_right_file_is_kept_and_no_other() {
        let body = b"seven bytes, or more".to_vec();
        let right = sum(&body);
        let remote = Remote { name: "a.bin", bytes: body.len() as u64, sha256: &right };
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("deeper");
        let refused = |answer: Vec<u8>, words: &str| {
            let error = fetch(&server(answer), &remote, &[], &inside).unwrap_err().to_string();
            assert!(error.contains("cannot download http://127.0.0.1") && error.contains(words), "{error}");
            assert!(error.contains("put it into"), "{error}");
            assert_eq!(std::fs::read_dir(&inside).unwrap().count(), 0, "{words}");
        };
        refused(answer("404 Not Found", 0, b""), "the server answers with status 404");
        refused(answer("200 OK", body.len(), b"seven bytes, or less"), "its SHA-256 is ");
        refused(answer("200 OK", body.len(), &body[..9]), "it broke off after 9");
        refused(answer("200 OK", 9, &body[..9]), "it broke off after 9 of 20 bytes");
        refused(answer("200 OK", 40, &body.repeat(2)), "it is longer than 20 bytes");
        fetch(&server(answer("200 OK", body.len(), &body)), &remote, &[], &inside).unwrap();
        assert_eq!(std::fs::read(inside.join("a.bin")).unwrap(), body);
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error = fetch(&format!("http://{nobody}/"), &remote, &[], &inside).unwrap_err().to_string();
        assert!(error.contains("the server was not reached"), "{error}");
    }

    #[test]
    fn archives_give_their_members() {
        let mut archive =
            tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
        for name in ["set/one.bin", "set/readme.html", "set/two.bin"] {
            let mut header = tar::Header::new_gnu();
            header.set_size(3);
            header.set_cksum();
            archive.append_data(&mut header, name, &name.as_bytes()[4..7]).unwrap();
        }
        let body = archive.into_inner().unwrap().finish().unwrap();
        let right = sum(&body);
        let remote = Remote { name: "set.tar.gz", bytes: body.len() as u64, sha256: &right };
        let folder = tempfile::tempdir().unwrap();
        let base = server(answer("200 OK", body.len(), &body));
        fetch(&base, &remote, &["two.bin", "one.bin"], folder.path()).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
        assert_eq!(std::fs::read(folder.path().join("two.bin")).unwrap(), b"two");
        let error = fetch(&base, &remote, &["three.bin"], folder.path()).unwrap_err().to_string();
        assert!(error.contains("the archive has no `three.bin`"), "{error}");
    }
}
