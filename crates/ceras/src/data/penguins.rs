//! The lesson's table.

use super::table::Table;

const CSV: &str = include_str!("../../data/penguins.csv");

/// The Palmer penguins: 344 penguins of three species, measured on three islands in the Palmer Archipelago,
/// Antarctica. Eleven rows have missing values, two of them in the four measurements.
///
/// The columns are `species` (Adelie, Chinstrap, Gentoo), `island`, `bill_length_mm`, `bill_depth_mm`,
/// `flipper_length_mm`, `body_mass_g` (grams) and `sex`. The rows are sorted by species.
///
/// # Examples
/// ```
/// let penguins = ceras::data::datasets::penguins();
/// assert_eq!((penguins.rows(), penguins.columns().len()), (344, 7));
/// assert_eq!(penguins.column("species")?.classes(), ["Adelie", "Chinstrap", "Gentoo"]);
/// # Ok::<(), ceras::Error>(())
/// ```
///
/// # References
/// A. M. Horst, A. P. Hill, K. B. Gorman, *palmerpenguins: Palmer Archipelago (Antarctica) penguin data*, 2020,
/// <https://doi.org/10.5281/zenodo.3960218>, CC0. PyPI's `palmerpenguins` without its `year` column.
pub fn penguins() -> Table {
    Table::from_csv(CSV, "penguins").expect("the embedded table is a table, as its test says")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_table_is_whole() {
        let table = penguins();
        let types: Vec<&str> = table.columns().iter().map(|column| column.type_name()).collect();
        assert_eq!(types, ["text", "text", "number", "number", "number", "number", "text"]);
        let missing: Vec<usize> = table.columns().iter().map(|column| column.missing()).collect();
        assert_eq!(missing, [0, 0, 2, 2, 2, 2, 11]);
        assert_eq!(table.to_csv(), CSV);
    }
}
