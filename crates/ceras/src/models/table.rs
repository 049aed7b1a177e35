//! A table in a terminal, as Python's *rich* lays it out: fixed columns, words wrapped, long words cut with `…`.

/// Where the text of a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Center,
    Right,
}

/// The columns of a table.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    pub(crate) headers: Vec<&'static str>,
    pub(crate) alignments: Vec<Align>,
    /// Wanted widths, without what stands between the columns.
    pub(crate) widths: Vec<usize>,
    /// Characters of a line, borders included.
    pub(crate) length: usize,
}

/// The table with its borders, each line ended.
pub(crate) fn render(columns: &Columns, rows: &[Vec<String>]) -> String {
    let widths = fitted(columns);
    let rule = |left: &str, line: &str, cross: &str, right: &str| {
        let parts: Vec<String> = widths.iter().map(|width| line.repeat(*width)).collect();
        format!("{left}{}{right}\n", parts.join(cross))
    };
    let headers: Vec<String> = columns.headers.iter().map(|header| (*header).to_owned()).collect();
    let mut text = rule("┏", "━", "┳", "┓");
    text += &row(&headers, &widths, &columns.alignments, "┃", true);
    text += &rule("┡", "━", "╇", "┩");
    for (number, cells) in rows.iter().enumerate() {
        if number > 0 {
            text += &rule("├", "─", "┼", "┤");
        }
        text += &row(cells, &widths, &columns.alignments, "│", false);
    }
    text + &rule("└", "─", "┴", "┘")
}

/// The widths of the columns with a blank on each side, made smaller or larger evenly until they fill the line.
fn fitted(columns: &Columns) -> Vec<usize> {
    let mut widths: Vec<usize> = columns.widths.iter().map(|width| width + 2).collect();
    let available = columns.length.saturating_sub(widths.len() + 1);
    let total: usize = widths.iter().sum();
    if total > available {
        let (mut excess, mut left) = (total - available, widths.len());
        for width in &mut widths {
            let part = (*width).min(half_to_even(excess, left));
            *width -= part;
            excess -= part;
            left -= 1;
        }
    } else {
        let (mut missing, mut weight) = (available - total, total);
        for width in &mut widths {
            let part = if weight > 0 { (*width * missing).div_ceil(weight) } else { missing };
            weight -= *width;
            *width += part;
            missing -= part.min(missing);
        }
    }
    widths
}

/// A quotient rounded as Python's `round` does.
fn half_to_even(number: usize, by: usize) -> usize {
    let (quotient, rest) = (number / by, number % by);
    match (rest * 2).cmp(&by) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Greater => quotient + 1,
        std::cmp::Ordering::Equal => quotient + quotient % 2,
    }
}

/// The lines of a row; short cells stand at its top, or at its bottom.
fn row(cells: &[String], widths: &[usize], alignments: &[Align], border: &str, bottom: bool) -> String {
    let wrapped: Vec<Vec<String>> = cells
        .iter()
        .zip(widths)
        .zip(alignments)
        .map(|((cell, width), align)| wrap(cell, width.saturating_sub(2), *align))
        .collect();
    let height = wrapped.iter().map(Vec::len).max().unwrap_or(1);
    let mut text = String::new();
    for line in 0..height {
        let parts: Vec<String> = wrapped
            .iter()
            .zip(widths)
            .map(|(lines, width)| {
                let above = if bottom { height - lines.len() } else { 0 };
                match line.checked_sub(above).and_then(|line| lines.get(line)) {
                    Some(line) => format!(" {line} "),
                    None => " ".repeat(*width),
                }
            })
            .collect();
        text += &format!("{border}{}{border}\n", parts.join(border));
    }
    text
}

/// The lines of a cell, each as wide as the column.
fn wrap(cell: &str, width: usize, align: Align) -> Vec<String> {
    let letters: Vec<char> = cell.chars().collect();
    let mut starts = vec![0];
    let mut used = 0;
    for (start, word) in words(&letters) {
        let length = trimmed(word);
        if width.saturating_sub(used) >= length {
            used += word.len();
            continue;
        }
        if start > 0 && (length > width || used > 0) {
            starts.push(start);
        }
        if length > width || (used > 0 && start > 0) {
            used = word.len();
        }
    }
    let ends = starts.iter().skip(1).copied().chain([letters.len()]);
    starts.iter().zip(ends).map(|(&start, end)| placed(&letters[start..end], width, align)).collect()
}

/// The words with the blanks around them: before the first, after each.
fn words(letters: &[char]) -> Vec<(usize, &[char])> {
    let mut words = Vec::new();
    let mut start = 0;
    while start < letters.len() {
        let blanks = |from: usize| letters[from..].iter().take_while(|letter| letter.is_whitespace()).count();
        let begin = start + blanks(start);
        let end = begin + letters[begin..].iter().take_while(|letter| !letter.is_whitespace()).count();
        if end == begin {
            break;
        }
        let next = end + blanks(end);
        words.push((start, &letters[start..next]));
        start = next;
    }
    words
}

/// The length without blanks at the end.
fn trimmed(letters: &[char]) -> usize {
    letters.len() - letters.iter().rev().take_while(|letter| letter.is_whitespace()).count()
}

fn placed(line: &[char], width: usize, align: Align) -> String {
    let keep = match align {
        Align::Left => line.len().min(trimmed(line).max(width)),
        _ => trimmed(line),
    };
    let text: String = if keep > width {
        line[..width.saturating_sub(1)].iter().chain(&['…']).collect()
    } else {
        line[..keep].iter().collect()
    };
    match align {
        Align::Left => format!("{text:<width$}"),
        Align::Center => format!("{text:^width$}"),
        Align::Right => format!("{text:>width$}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_wrap_and_long_ones_are_cut() {
        let lines = |text: &str, width| wrap(text, width, Align::Left);
        assert_eq!(lines("dense (Dense)", 13), ["dense (Dense)"]);
        assert_eq!(lines("dense (Dense)", 12), ["dense       ", "(Dense)     "]);
        assert_eq!(lines("batch_normalization (X)", 10), ["batch_nor…", "(X)       "]);
        assert_eq!(wrap("12", 4, Align::Right), ["  12"]);
        assert_eq!(wrap("Y", 4, Align::Center), [" Y  "]);
        assert_eq!(half_to_even(7, 2), 4);
        assert_eq!(half_to_even(5, 2), 2);
    }
}
