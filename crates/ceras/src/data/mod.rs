//! Data to train on: tables from CSV files, arrays from NumPy's files, pictures, rows to train and rows to test on.
//!
//! A [`Table`] has named, typed columns. Its way to a network: [`Table::read_csv`], [`Table::drop_missing`],
//! [`Table::to_tensor`] for the inputs, [`OneHot`] or [`Column::codes`] for the target, [`train_test_split`].
//!
//! # Examples
//! ```
//! use ceras::data::{OneHot, SplitOptions, datasets, one_hot_strata, train_test_split};
//!
//! let features = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"];
//! let (penguins, dropped) = datasets::penguins().drop_missing(&features)?;
//! assert_eq!((penguins.rows(), dropped.rows().len()), (342, 2));
//!
//! let x = penguins.to_tensor(&features)?;
//! let species = penguins.column("species")?;
//! let y = OneHot::fit(species)?.encode(species)?;
//! assert_eq!((x.dims(), y.dims()), (&[342, 4][..], &[342, 3][..]));
//!
//! let strata = one_hot_strata(&species.codes()?.1);
//! let split = train_test_split(
//!     penguins.rows(),
//!     &SplitOptions {
//!         test_size: Some(0.2.into()),
//!         random_state: Some(0),
//!         stratify: Some(&strata),
//!         ..Default::default()
//!     },
//! )?;
//! let (x_train, x_test) = split.tensor(&x)?;
//! assert_eq!((x_train.dims()[0], x_test.dims()[0]), (273, 69));
//! # Ok::<(), ceras::Error>(())
//! ```

pub mod cells;
mod column;
mod confusion;
mod csv;
mod describe;
#[cfg(feature = "download")]
mod download;
mod dropped;
mod given;
pub mod idx;
pub mod images;
pub mod npy;
pub mod npz;
mod penguins;
mod pictures;
mod preprocess;
mod random_state;
mod source;
mod split;
mod strata;
mod table;
mod task;
pub(crate) mod text_table;

pub use self::csv::CsvOptions;
pub use column::{Column, Values};
pub use confusion::ConfusionMatrix;
pub use dropped::{Dropped, DroppedRow};
pub use given::{Answers, Given, encode_classes, is_binary, largest};
pub use preprocess::{
    ClassBaseline, MeanBaseline, OneHot, class_counts, majority_baseline, mean_baseline, to_categorical,
};
pub use random_state::RandomState;
pub(crate) use source::copy_rows;
pub use source::{Rows, Source};
pub use split::{Size, Split, SplitOptions, split_tensors, train_test_split};
pub use strata::{one_hot_strata, strata};
pub use table::Table;
pub use task::{Guess, Task, guess_task};

/// A table that comes with ceras, and pictures whose files are on this machine.
pub mod datasets {
    pub use super::penguins::penguins;
    pub use super::pictures::{Pictures, cifar10, fashion_mnist, mnist};
}
