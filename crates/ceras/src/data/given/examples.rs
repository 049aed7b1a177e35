//! Inputs and targets that belong together.

use std::path::Path;

use super::{Content, Given, most_bytes};
use crate::data::{Column, Dropped, Table};
use crate::error::{Error, ErrorKind, Result};
use crate::models::Model;

impl Model {
    /// The inputs and the targets that two files hold (or one, given twice), as [`read_inputs`](Model::read_inputs) and
    /// [`read_targets`](Model::read_targets) have them. Rows of tables that miss a value that is needed are left out of both;
    /// the notes of the inputs name them.
    ///
    /// # Errors
    /// As for the two; every row misses a value.
    ///
    /// # Examples
    /// ```
    /// use ceras::prelude::*;
    /// # let folder = tempfile::tempdir().unwrap();
    /// let (x, y) = (folder.path().join("x.csv"), folder.path().join("y.csv"));
    /// std::fs::write(&x, "a,b\n1,2\n3,\n5,6\n").unwrap();
    /// std::fs::write(&y, "z\n1\n2\n3\n").unwrap();
    /// let model = Sequential::new().add(Input::new([2])).add(Dense::new(1)).build()?;
    /// let (x, y) = model.read_examples(&x, &y)?;
    /// assert_eq!(x.sources[0].read(&[1])?.slice::<f32>(), [5.0, 6.0]);
    /// assert_eq!(y.sources[0].read(&[1])?.slice::<f32>(), [3.0]);
    /// assert!(x.notes[0].ends_with("1 of 3 rows dropped for missing values: row 1 (line 3: `b`)"));
    /// # Ok::<(), ceras::Error>(())
    /// ```
    pub fn read_examples(&self, x: impl AsRef<Path>, y: impl AsRef<Path>) -> Result<(Given, Given)> {
        let paths = (x.as_ref(), y.as_ref());
        let mut contents = (Content::read(paths.0, most_bytes())?, Content::read(paths.1, most_bytes())?);
        let mut dropped = None;
        if let (Content::Table(x), Content::Table(y)) = (&mut contents.0, &mut contents.1) {
            dropped = self.drop_incomplete((x, y), paths)?;
        }
        let (mut x, mut y) = (self.inputs_of(contents.0, paths.0)?, self.targets_of(contents.1, paths.1)?);
        if let Some((note, rows)) = dropped {
            x.notes.insert(0, note);
            x.rows_left_out.clone_from(&rows);
            y.rows_left_out = rows;
        }
        Ok((x, y))
    }

    /// Leaves out the rows of two tables that miss a value in either; says which, in words and numbers, if there are any.
    /// Tables of different lengths stay as they are: that they do not fit is said where they are used.
    fn drop_incomplete(
        &self,
        (x, y): (&mut Table, &mut Table),
        paths: (&Path, &Path),
    ) -> Result<Option<(String, Vec<usize>)>> {
        if x.rows() != y.rows() {
            return Ok(None);
        }
        let used: Vec<&Column> = match &self.extras().contract {
            Some(contract) => {
                let is_input = |name: &str| contract.features.iter().any(|feature| feature.name == name);
                let inputs = x.columns().iter().filter(|column| is_input(column.name()));
                inputs.chain(contract.target_column(y)).collect()
            }
            None => x.columns().iter().chain(y.columns()).collect(),
        };
        let (kept, dropped) = Dropped::split(x.rows(), &used, |row| x.line(row));
        if dropped.rows().is_empty() {
            return Ok(None);
        }
        let names = if paths.0 == paths.1 {
            format!("`{}`", paths.0.display())
        } else {
            format!("`{}` and `{}`", paths.0.display(), paths.1.display())
        };
        if kept.is_empty() {
            return Err(Error::new(ErrorKind::Data, format!("{names}: every row misses a value"))
                .detail(dropped.to_string()));
        }
        (*x, *y) = (x.take(&kept)?, y.take(&kept)?);
        let rows = dropped.rows().iter().map(|dropped| dropped.row).collect();
        Ok(Some((format!("{names}: {dropped}"), rows)))
    }
}
