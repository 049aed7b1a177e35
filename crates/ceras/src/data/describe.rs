//! Tables as text for people.

use super::column::{Column, Values};
use super::table::Table;
use super::text_table::{Align, align, short};

/// All rows in aligned columns.
pub(crate) fn lines(table: &Table) -> String {
    let aligns: Vec<Align> = table
        .columns()
        .iter()
        .map(|column| if column.is_numeric() { Align::Right } else { Align::Left })
        .collect();
    let mut rows = vec![table.names().iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()];
    for row in 0..table.rows() {
        rows.push(table.columns().iter().map(|column| shown(column, row)).collect());
    }
    align(&rows, &aligns)
}

fn shown(column: &Column, row: usize) -> String {
    if column.is_missing(row) {
        return "-".to_owned();
    }
    match column.values() {
        Values::Number(values) => short(values[row]),
        _ => column.text(row),
    }
}

/// One line for each column.
pub(crate) fn describe(table: &Table) -> String {
    const HEADER: [&str; 9] =
        ["column", "type", "missing", "distinct", "mean", "std", "min", "median", "max"];
    let mut rows = vec![HEADER.map(str::to_owned).to_vec()];
    for column in table.columns() {
        let mut row = vec![
            column.name().to_owned(),
            column.type_name().to_owned(),
            column.missing().to_string(),
            column.classes().len().to_string(),
        ];
        row.extend(if column.is_numeric() { statistics(column) } else { vec![commonest(column)] });
        rows.push(row);
    }
    let text = rows.iter().any(|row| row.len() == 5);
    if text && !table.columns().iter().any(Column::is_numeric) {
        rows[0].truncate(4);
        rows[0].push("commonest".to_owned());
    }
    let mut aligns = vec![Align::Left; 2];
    aligns.extend([Align::Right; 7]);
    aligned_with_text_tail(rows, &aligns)
}

/// Aligns the rows; the fifth cell of a row of five spans what is left of the line.
fn aligned_with_text_tail(rows: Vec<Vec<String>>, aligns: &[Align]) -> String {
    let tails: Vec<Option<String>> =
        rows.iter().map(|row| if row.len() == 5 { row.last().cloned() } else { None }).collect();
    let heads: Vec<Vec<String>> = rows
        .into_iter()
        .map(|mut row| {
            if row.len() == 5 {
                row.pop();
            }
            row
        })
        .collect();
    let lines = align(&heads, aligns);
    let joined = lines.lines().zip(tails).map(|(line, tail)| match tail {
        Some(tail) => format!("{line}   {tail}").trim_end().to_owned(),
        None => line.to_owned(),
    });
    joined.collect::<Vec<_>>().join("\n")
}

/// Mean, standard deviation (of a sample, as pandas), minimum, median, maximum of the values that are there.
fn statistics(column: &Column) -> Vec<String> {
    let mut numbers: Vec<f64> = (0..column.len()).filter_map(|row| column.number(row)).collect();
    if numbers.is_empty() {
        return vec!["-".to_owned(); 5];
    }
    numbers.sort_by(f64::total_cmp);
    let count = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let variance = numbers.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (count - 1.0);
    let (low, high) = (numbers[(numbers.len() - 1) / 2], numbers[numbers.len() / 2]);
    let values = [mean, variance.sqrt(), numbers[0], low / 2.0 + high / 2.0, numbers[numbers.len() - 1]];
    values.map(|value| if value.is_nan() { "-".to_owned() } else { short(value) }).to_vec()
}

/// The commonest values with their counts.
fn commonest(column: &Column) -> String {
    let classes = column.classes();
    let mut counts = vec![0usize; classes.len()];
    // Classes are sorted by code points; `False` sorts before `True` as text too.
    for row in (0..column.len()).filter(|row| !column.is_missing(*row)) {
        if let Ok(class) = classes.binary_search(&column.text(row)) {
            counts[class] += 1;
        }
    }
    let mut order: Vec<usize> = (0..classes.len()).collect();
    order.sort_by_key(|class| std::cmp::Reverse(counts[*class]));
    let shown = |class: &usize| {
        let name: String = classes[*class].chars().take(24).collect();
        format!("{name} ({})", counts[*class])
    };
    let named: Vec<String> = order.iter().take(3).map(shown).collect();
    format!("{}{}", named.join(", "), if order.len() > 3 { ", …" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn penguins_in_seven_lines() {
        let text = crate::data::datasets::penguins().describe();
        let expected = "
column              type     missing   distinct      mean       std    min   median    max
species             text           0          3   Adelie (152), Gentoo (124), Chinstrap (68)
island              text           0          3   Biscoe (168), Dream (124), Torgersen (52)
bill_length_mm      number         2        164   43.9219   5.45958   32.1    44.45   59.6
bill_depth_mm       number         2         80   17.1512   1.97479   13.1     17.3   21.5
flipper_length_mm   number         2         55   200.915   14.0617    172      197    231
body_mass_g         number         2         94   4201.75   801.955   2700     4050   6300
sex                 text          11          2   male (168), female (165)";
        assert_eq!(text, expected.trim_start());
    }

    #[test]
    fn tables_line_up() {
        let table = Table::from_csv("x,name\n1.5,a\n,long name\n", "t").unwrap();
        assert_eq!(table.to_string(), "  x   name\n1.5   a\n  -   long name");
        let odd = Table::from_csv("a,b\nNA,True\n", "t").unwrap();
        assert!(odd.describe().contains("True (1)"));
        assert_eq!(Table::default().to_string(), "");
        assert!(
            Table::from_csv("t\nx\n", "t")
                .unwrap()
                .describe()
                .starts_with("column   type   missing   distinct   commonest")
        );
    }
}
