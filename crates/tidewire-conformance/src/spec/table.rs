//! Rows as a table, as libpq's `PQprint` prints them with header and alignment (`fe-print.c`).

use std::fmt::Write as _;

use tidewire_store::{ResultColumn, Row};

/// The table, ended by an empty line; nothing at all for rows without columns.
pub(super) fn table(columns: &[ResultColumn], rows: &[Row]) -> String {
    let mut text = String::new();
    if columns.is_empty() {
        return text;
    }
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let cells = row.iter().zip(columns);
            cells
                .map(|(value, column)| value.render(column.data_type).unwrap_or_default())
                .collect()
        })
        .collect();
    let widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let cells = cells.iter().filter_map(|row| row.get(at));
            cells
                .map(String::len)
                .chain([column.name.len()])
                .max()
                .unwrap_or(0)
        })
        .collect();
    let left: Vec<bool> = (0..columns.len())
        .map(|at| {
            cells
                .iter()
                .filter_map(|row| row.get(at))
                .any(|cell| !looks_numeric(cell))
        })
        .collect();
    let names: Vec<&str> = columns.iter().map(|column| &*column.name).collect();
    line(&mut text, &names, &widths, &left);
    let rules: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    text.push_str(&rules.join("+"));
    text.push('\n');
    for row in &cells {
        let row: Vec<&str> = row.iter().map(String::as_str).collect();
        line(&mut text, &row, &widths, &left);
    }
    let plural = if rows.len() == 1 { "" } else { "s" };
    // Writing to a string cannot fail.
    let _ = write!(text, "({} row{plural})\n\n", rows.len());
    text
}

/// Widths are counted in bytes, as C's `printf` counts them.
fn line(text: &mut String, cells: &[&str], widths: &[usize], left: &[bool]) {
    for (at, cell) in cells.iter().enumerate() {
        let space = " ".repeat(widths[at].saturating_sub(cell.len()));
        let (before, behind) = if left[at] {
            ("", space.as_str())
        } else {
            (space.as_str(), "")
        };
        text.push_str(before);
        text.push_str(cell);
        text.push_str(behind);
        if at + 1 < cells.len() {
            text.push('|');
        }
    }
    text.push('\n');
}

/// Made of what numbers are made of, ending in a digit; an empty cell says nothing.
fn looks_numeric(cell: &str) -> bool {
    let numeric = |c: char| c.is_ascii_digit() || ".Ee -".contains(c);
    cell.is_empty()
        || (cell.chars().all(numeric)
            && !cell.starts_with(['E', 'e'])
            && cell.ends_with(|c: char| c.is_ascii_digit()))
}
