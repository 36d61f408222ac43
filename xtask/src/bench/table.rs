//! The table that is printed and that docs/performance.md shows: a row for each figure, native beside Wasm.

use super::figure::{Figure, Goal};

/// What the project wants of Wasm: this part of native speed, where a rate has a goal.
const WASM_PART: f64 = 0.5;

const HEAD: [&str; 6] = [
    "figure",
    "native",
    "Wasm",
    "Wasm's part of native speed",
    "goal",
    "met",
];

/// All figures as a Markdown table, in the order in which they were measured.
pub(crate) fn of(figures: &[Figure]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for figure in figures {
        if !names.contains(&figure.name.as_str()) {
            names.push(&figure.name);
        }
    }
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(names.iter().map(|name| row(figures, name)));
    aligned(&rows)
}

fn row(figures: &[Figure], name: &str) -> [String; 6] {
    let at = |place: &str| {
        figures
            .iter()
            .find(|figure| figure.name == name && figure.place == place)
    };
    // What only a browser has stands in the column of Wasm.
    let (native, wasm) = (at("native"), at("wasm").or_else(|| at("page")));
    let shown = |figure: Option<&Figure>| figure.map_or_else(String::new, amount);
    let part = native.zip(wasm).map(|(native, wasm)| part(native, wasm));
    let part = part.filter(|_| native.is_some_and(|figure| !figure.unit.is_empty()));
    let judged = native.or(wasm);
    let goal = judged.and_then(|figure| figure.goal);
    // Some figures are taken natively only.
    let rate = judged.is_some_and(Figure::is_rate) && goal.is_some() && part.is_some();
    let mut wants = goal.map_or_else(String::new, goal_words);
    let mut met: Vec<bool> = Vec::new();
    if let (Some(goal), Some(figure)) = (goal, judged) {
        met.push(goal.met(figure.value));
    }
    if rate {
        wants += ", Wasm half of it";
        met.extend(part.map(|part| part >= WASM_PART));
    }
    let met: Vec<&str> = met
        .iter()
        .map(|met| if *met { "yes" } else { "no" })
        .collect();
    [
        name.to_owned(),
        shown(native),
        shown(wasm),
        part.map_or_else(String::new, |part| format!("{part:.2}")),
        wants,
        met.join(", "),
    ]
}

/// How fast Wasm is compared with native: 1 is as fast.
fn part(native: &Figure, wasm: &Figure) -> f64 {
    if native.is_rate() {
        wasm.value / native.value
    } else {
        native.value / wasm.value
    }
}

fn amount(figure: &Figure) -> String {
    format!("{} {}", number(figure.value), figure.unit)
        .trim_end()
        .to_owned()
}

fn goal_words(goal: Goal) -> String {
    match goal {
        Goal::AtLeast(least) => format!("at least {}", number(least)),
        Goal::AtMost(most) => format!("at most {}", number(most)),
        Goal::Within(least, most) => format!("{} to {}", number(least), number(most)),
    }
}

/// Whole with separators from 1,000 on, otherwise with up to two places.
fn number(value: f64) -> String {
    if value < 1_000.0 {
        let text = format!("{value:.2}");
        return text.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn aligned(rows: &[[String; 6]]) -> String {
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or(0)
    };
    let widths: [usize; 6] = std::array::from_fn(width);
    let mut text = String::new();
    for (index, row) in rows.iter().enumerate() {
        for (cell, width) in row.iter().zip(widths) {
            text += &format!("| {cell:width$} ");
        }
        text += "|\n";
        if index == 0 {
            for width in widths {
                text += &format!("| {} ", "-".repeat(width));
            }
            text += "|\n";
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(name: &str, place: &str, value: f64, unit: &str, goal: Option<Goal>) -> Figure {
        Figure {
            name: name.into(),
            place: place.into(),
            value,
            unit: unit.into(),
            goal,
        }
    }

    #[test]
    fn native_and_wasm_stand_side_by_side() {
        let goal = Some(Goal::AtLeast(1_000_000.0));
        let figures = [
            figure("hash", "native", 1_250_000.0, "events/s", goal),
            figure("fork", "native", 300.0, "ns", Some(Goal::AtMost(200.0))),
            figure("hash", "wasm", 500_000.0, "events/s", goal),
            figure("fork", "wasm", 400.0, "ns", Some(Goal::AtMost(200.0))),
            figure("bytes", "page", 12.5, "KB", None),
        ];
        let table = of(&figures);
        let cells = |line: &str| -> Vec<String> {
            line.trim_matches('|')
                .split('|')
                .map(|cell| cell.trim().to_owned())
                .collect()
        };
        let rows: Vec<Vec<String>> = table.lines().map(cells).collect();
        assert_eq!(
            rows[2],
            [
                "hash",
                "1,250,000 events/s",
                "500,000 events/s",
                "0.40",
                "at least 1,000,000, Wasm half of it",
                "yes, no"
            ]
        );
        assert_eq!(
            rows[3],
            ["fork", "300 ns", "400 ns", "0.75", "at most 200", "no"]
        );
        assert_eq!(rows[4], ["bytes", "", "12.5 KB", "", "", ""]);
    }
}
