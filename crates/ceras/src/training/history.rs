//! What training leaves behind: a number for each metric and epoch.

/// The numbers of one epoch (or batch), by Keras' names, sorted by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Logs(Vec<(String, f64)>);

impl Logs {
    /// The number of that name.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| *value)
    }

    /// Adds a number, or replaces the one of that name.
    pub fn insert(&mut self, name: &str, value: f64) {
        match self.0.binary_search_by(|(key, _)| key.as_str().cmp(name)) {
            Ok(index) => self.0[index].1 = value,
            Err(index) => self.0.insert(index, (name.to_owned(), value)),
        }
    }

    /// Names and numbers, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(key, value)| (key.as_str(), *value))
    }
}

impl<'a> FromIterator<(&'a str, f64)> for Logs {
    fn from_iter<I: IntoIterator<Item = (&'a str, f64)>>(items: I) -> Logs {
        let mut logs = Logs::default();
        items.into_iter().for_each(|(name, value)| logs.insert(name, value));
        logs
    }
}

/// What `fit` returns: the logs of every epoch.
///
/// The training numbers are running means over the epoch, taken while the weights were changing, as in Keras; `evaluate`
/// on the same rows afterwards gives others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    epochs: Vec<usize>,
    logs: Vec<Logs>,
}

impl History {
    /// The numbers of the epochs, counted from 0.
    pub fn epochs(&self) -> &[usize] {
        &self.epochs
    }

    /// The logs of each epoch.
    pub fn logs(&self) -> &[Logs] {
        &self.logs
    }

    /// The logs of the last epoch.
    pub fn last(&self) -> Option<&Logs> {
        self.logs.last()
    }

    /// A metric over the epochs; empty when there is none of that name, `NaN` for an epoch in which it was not measured.
    pub fn get(&self, name: &str) -> Vec<f64> {
        if self.logs.iter().all(|logs| logs.get(name).is_none()) {
            return Vec::new();
        }
        self.logs.iter().map(|logs| logs.get(name).unwrap_or(f64::NAN)).collect()
    }

    /// The names of all metrics, sorted.
    pub fn keys(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = self.logs.iter().flat_map(|logs| logs.iter().map(|(key, _)| key)).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Adds an epoch.
    pub fn push(&mut self, epoch: usize, logs: Logs) {
        self.epochs.push(epoch);
        self.logs.push(logs);
    }

    /// Adds the epochs of a later `fit`, numbered on from the last one here.
    pub fn append(&mut self, later: &History) {
        let first = self.epochs.last().map_or(0, |last| last + 1);
        let start = later.epochs.first().copied().unwrap_or(0);
        // A `fit` that was told where it begins has the right numbers already.
        let shift = first.saturating_sub(start);
        self.epochs.extend(later.epochs.iter().map(|epoch| epoch + shift));
        self.logs.extend(later.logs.iter().cloned());
    }

    /// The table as CSV: `epoch`, then the metrics by name; numbers that read back to the same bits.
    pub fn to_csv(&self) -> String {
        let keys = self.keys();
        let mut text = format!("epoch{}\n", keys.iter().map(|key| format!(",{key}")).collect::<String>());
        for (epoch, logs) in self.epochs.iter().zip(&self.logs) {
            text += &epoch.to_string();
            for key in &keys {
                text.push(',');
                text += &logs.get(key).map(|value| format!("{value}")).unwrap_or_default();
            }
            text.push('\n');
        }
        text
    }
}
