//! The page as text: which stretches of it are examples, and what they become with their answers written anew.
//!
//! Blocks marked `sql setup` make the tables that every other example begins with. A block marked `sql` plays
//! in one session, one marked `sql sessions` in those that its lines name; each on a database of its own. In a table
//! whose first two columns are `expression` and `value`, or `statement` and `answer`, each row is an example.

use crate::examples::{Example, Played};

/// The page with every answer written anew.
pub(crate) fn answered(page: &str) -> String {
    let setup = setup(page);
    let mut out = String::new();
    let mut lines = page.lines().peekable();
    let mut table = None;
    while let Some(line) = lines.next() {
        if line.starts_with("```sql") {
            let mut block = Vec::new();
            for line in lines.by_ref().take_while(|line| !line.starts_with("```")) {
                block.push(line);
            }
            let several = line == "```sql sessions";
            let made = line == "```sql setup";
            let before: &[String] = if made { &[] } else { &setup };
            let text = Example::new(before).block(&block, several);
            out += &format!("{line}\n{text}```\n");
            continue;
        }
        if !line.starts_with('|') {
            table = None;
        } else if table.is_none() {
            table = Some(Table::of(line));
        } else if let Some(rows) = table
            && !line.starts_with("| ---")
            && let Some(row) = rows.answered(line, &setup)
        {
            out += &row;
            continue;
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// Statements of the blocks marked `sql setup`.
fn setup(page: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let mut block: Option<Vec<&str>> = None;
    for line in page.lines() {
        match (&mut block, line) {
            (None, "```sql setup") => block = Some(Vec::new()),
            (Some(lines), "```") => {
                statements.extend(crate::examples::statements(lines));
                block = None;
            }
            (Some(lines), line) => lines.push(line),
            (None, _) => {}
        }
    }
    statements
}

/// What the rows of a table are.
#[derive(Clone, Copy)]
enum Table {
    /// `SELECT` of the first cell gives the second.
    Values,
    /// The first cell is a statement; the second its tag or its error.
    Answers,
    Other,
}

impl Table {
    fn of(header: &str) -> Self {
        let cells = cells(header);
        match cells.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["expression", "value", ..] => Table::Values,
            ["statement", "answer", ..] => Table::Answers,
            _ => Table::Other,
        }
    }

    /// The row with its answer written anew; `None` where rows are no examples.
    fn answered(self, line: &str, setup: &[String]) -> Option<String> {
        let mut cells = cells(line);
        let first = cells.first()?.trim_matches('`').to_string();
        let answer = match self {
            Table::Other => return None,
            Table::Values => match Example::new(setup).one(&format!("select {first}")) {
                Played::Rows(text) if text.lines().count() == 3 => {
                    text.lines().last().unwrap_or_default().trim().to_string()
                }
                other => other.to_string(),
            },
            Table::Answers => Example::new(setup).one(&first).to_string(),
        };
        *cells.get_mut(1)? = as_cell(&answer);
        let row: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        let row = format!("| {} |\n", row.join(" | "));
        Some(row.replace("|  |", "| |"))
    }
}

/// Each line as code, so that nothing in it means something to Markdown.
fn as_cell(answer: &str) -> String {
    let code = |line: &str| match line.contains('`') {
        true => format!("`` {line} ``"),
        false => format!("`{line}`"),
    };
    let lines: Vec<String> = answer.lines().map(code).collect();
    lines.join(" ")
}

/// The cells of a row, `\|` undone.
fn cells(line: &str) -> Vec<String> {
    let hidden = line.replace("\\|", "\u{1}");
    let inner = hidden.trim().trim_start_matches('|').trim_end_matches('|');
    let cells = inner.split('|');
    cells
        .map(|cell| cell.trim().replace('\u{1}', "|"))
        .collect()
}
