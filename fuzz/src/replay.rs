//! Without libFuzzer: replays a target's corpus, then damages it at random for a while. The damage is the same on every run, as far
//! as it gets in the time.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// No input may take longer.
const SLOWEST: Duration = Duration::from_secs(5);

/// Runs a target: `[--seconds N] [FILE or FOLDER]…`; without paths, its committed corpus.
pub fn main(name: &str, target: fn(&[u8])) -> ExitCode {
    let mut seconds = 20;
    let mut paths: Vec<PathBuf> = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--seconds" {
            seconds = arguments.next().and_then(|number| number.parse().ok()).unwrap_or(seconds);
        } else {
            paths.push(argument.into());
        }
    }
    if paths.is_empty() {
        paths.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name));
    }
    let mut corpus: Vec<Vec<u8>> = Vec::new();
    paths.iter().for_each(|path| collect(path, &mut corpus));
    if corpus.is_empty() {
        eprintln!("{name}: there is no corpus");
        return ExitCode::FAILURE;
    }
    for input in &corpus {
        run(name, target, input);
    }
    let (start, mut rounds, mut random) = (Instant::now(), 0u64, Random(0x9E37_79B9_7F4A_7C15));
    while start.elapsed() < Duration::from_secs(seconds) {
        let input = random.damaged(&corpus);
        run(name, target, &input);
        rounds += 1;
    }
    println!("{name}: {} files replayed, {rounds} damaged ones tried", corpus.len());
    ExitCode::SUCCESS
}

fn collect(path: &Path, corpus: &mut Vec<Vec<u8>>) {
    if path.is_dir() {
        let mut entries: Vec<PathBuf> =
            std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        entries.sort();
        entries.iter().for_each(|entry| collect(entry, corpus));
    } else if let Ok(bytes) = std::fs::read(path) {
        corpus.push(bytes);
    }
}

/// Runs a target on an input; keeps the input when the target panics or dawdles.
fn run(name: &str, target: fn(&[u8]), input: &[u8]) {
    let start = Instant::now();
    let outcome = std::panic::catch_unwind(|| target(input));
    if outcome.is_err() || start.elapsed() > SLOWEST {
        let path = std::env::temp_dir().join(format!("ceras-fuzz-{name}"));
        let kept = std::fs::write(&path, input);
        eprintln!("{name}: {:?} on {} bytes ({kept:?}: {})", start.elapsed(), input.len(), path.display());
        std::process::exit(1);
    }
}

/// Marsaglia's xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    /// One of the corpus with bits flipped, numbers put in, parts cut out, doubled, or taken from another.
    fn damaged(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = corpus[self.below(corpus.len())].clone();
        for _ in 0..1 + self.below(6) {
            if bytes.is_empty() {
                break;
            }
            let place = self.below(bytes.len());
            let length = (1 + self.below(16)).min(bytes.len() - place);
            match self.below(7) {
                0 => bytes[place] ^= 1 << self.below(8),
                1 => bytes[place] = [0, 1, 0x7f, 0x80, 0xff][self.below(5)],
                2 => bytes[place..place + length].fill(0xff),
                3 => bytes.truncate(place),
                4 => drop(bytes.drain(place..place + length)),
                5 => {
                    let part = bytes[place..place + length].to_vec();
                    bytes.splice(place..place, part);
                }
                _ => {
                    let other = &corpus[self.below(corpus.len())];
                    let from = self.below(other.len());
                    let part = &other[from..(from + length).min(other.len())];
                    bytes[place..place + part.len()].copy_from_slice(part);
                }
            }
        }
        bytes
    }
}
