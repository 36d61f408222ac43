//! Written histories and what is wrong with them: tests/histories.txt.

mod support;

use support::Written;
use tidewire_check::anomalies::{Limits, Phenomenon, find};

struct Block {
    title: String,
    settings: Vec<String>,
    operations: String,
    expected: Vec<String>,
}

fn blocks() -> Vec<Block> {
    let text = include_str!("histories.txt");
    let mut blocks: Vec<Block> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix("== ") {
            Some(title) => blocks.push(Block::new(title)),
            None => {
                if let Some(block) = blocks.last_mut() {
                    block.line(line);
                }
            }
        }
    }
    blocks
}

/// The examples of docs/anomalies.md.
fn examples() -> Vec<Block> {
    let text = include_str!("../../../docs/anomalies.md");
    let parts = text.split("```history\n").skip(1);
    let examples = parts.map(|part| {
        let mut block = Block::new("docs/anomalies.md");
        let lines = part.lines().take_while(|line| !line.starts_with("```"));
        lines.for_each(|line| block.line(line));
        block
    });
    examples.collect()
}

impl Block {
    fn new(title: &str) -> Self {
        Block {
            title: title.to_string(),
            settings: Vec::new(),
            operations: String::new(),
            expected: Vec::new(),
        }
    }

    fn line(&mut self, line: &str) {
        match line.split_whitespace().next() {
            None | Some("none") => {}
            Some("level" | "orders") => self.settings.push(line.to_string()),
            _ if self.operations.is_empty() => self.operations = line.to_string(),
            _ => self.expected.push(line.to_string()),
        }
    }
}

#[test]
fn written_histories_have_the_anomalies_that_stand_behind_them() {
    for block in blocks().into_iter().chain(examples()) {
        let mut written = Written::default();
        block.settings.iter().for_each(|line| written.setting(line));
        written.operations(&block.operations);
        let report = find(&written.history, written.orders, Limits::default());
        let found: Vec<String> = report
            .anomalies
            .iter()
            .map(|anomaly| written.describe(anomaly))
            .collect();
        assert_eq!(found, block.expected, "{}", block.title);
        assert!(!report.cut, "{}", block.title);
    }
}

#[test]
fn the_page_on_anomalies_has_an_example_of_every_name() {
    for phenomenon in Phenomenon::ALL {
        let shown = examples().iter().any(|block| {
            let mut lines = block.expected.iter();
            lines.any(|line| line.starts_with(phenomenon.name()))
        });
        assert!(shown, "{}", phenomenon.name());
    }
}

#[test]
fn every_name_has_a_history() {
    let expected: Vec<String> = blocks()
        .into_iter()
        .flat_map(|block| block.expected)
        .collect();
    for phenomenon in Phenomenon::ALL {
        for permitted in ["permitted:", "not permitted:"] {
            // No level permits dirty writes.
            if phenomenon == Phenomenon::G0 && permitted == "permitted:" {
                continue;
            }
            let wanted = format!("{} {permitted}", phenomenon.name());
            let shown = expected.iter().any(|line| line.starts_with(&wanted));
            assert!(shown, "{wanted}");
        }
    }
}

#[test]
fn limits_are_kept_and_said() {
    let block = blocks()
        .into_iter()
        .find(|block| block.title.starts_with("two that are wrong"))
        .expect("the block is there");
    let mut written = Written::default();
    block.settings.iter().for_each(|line| written.setting(line));
    written.operations(&block.operations);
    let found = |limits| {
        let report = find(&written.history, written.orders, limits);
        (report.anomalies.len(), report.cut)
    };
    let limits = Limits::default();
    assert_eq!(found(limits), (2, false));
    assert_eq!(
        found(Limits {
            anomalies: 1,
            ..limits
        }),
        (1, true)
    );
    assert!(found(Limits { edges: 2, ..limits }).1);
    assert!(found(Limits { work: 3, ..limits }).1);
}
