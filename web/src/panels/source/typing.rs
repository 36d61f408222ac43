//! What the editor does for keys that a plain text field lets pass: Tab indents, Enter keeps the indentation.

use std::ops::Range;

/// Spaces of one step, as the formatter writes them.
const STEP: &str = "  ";

/// A replacement in the text, and what is selected afterwards. All offsets are bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Typed {
    /// What is replaced.
    pub(super) range: Range<usize>,
    /// What stands there afterwards.
    pub(super) text: String,
    /// The selection in the new text.
    pub(super) selection: Range<usize>,
}

/// Enter: a new line with the indentation of this one, one step deeper behind an opening bracket.
pub(super) fn new_line(text: &str, selection: Range<usize>) -> Typed {
    let line = &text[line_start(text, selection.start)..selection.start];
    let indentation = &line[..line.len() - line.trim_start_matches(' ').len()];
    let mut inserted = format!("\n{indentation}");
    if line.trim_end().ends_with(['{', '(']) {
        inserted.push_str(STEP);
    }
    let caret = selection.start + inserted.len();
    Typed {
        range: selection,
        text: inserted,
        selection: caret..caret,
    }
}

/// Tab: spaces at the caret, or one step more for each line that the selection touches.
pub(super) fn indent(text: &str, selection: Range<usize>) -> Typed {
    if !text[selection.clone()].contains('\n') {
        let caret = selection.start + STEP.len();
        return Typed {
            range: selection,
            text: STEP.to_owned(),
            selection: caret..caret,
        };
    }
    lines_changed(text, selection, |line| {
        if line.is_empty() {
            String::new()
        } else {
            format!("{STEP}{line}")
        }
    })
}

/// Shift and Tab: one step less for each line that the selection touches.
pub(super) fn outdent(text: &str, selection: Range<usize>) -> Typed {
    lines_changed(text, selection, |line| {
        let spaces = line
            .bytes()
            .take(STEP.len())
            .take_while(|byte| *byte == b' ');
        line[spaces.count()..].to_owned()
    })
}

/// Changes whole lines; a caret stays with its text, a selection covers the lines.
fn lines_changed(text: &str, selection: Range<usize>, change: impl Fn(&str) -> String) -> Typed {
    let start = line_start(text, selection.start);
    // A selection that ends at the beginning of a line does not touch that line.
    let last = selection.end - usize::from(text[selection.clone()].ends_with('\n'));
    let end = text[last..]
        .find('\n')
        .map_or(text.len(), |length| last + length);
    let changed: Vec<String> = text[start..end].split('\n').map(change).collect();
    let changed = changed.join("\n");
    let selection = if selection.is_empty() {
        let grown = changed.len() as isize - (end - start) as isize;
        let caret = selection.start.saturating_add_signed(grown).max(start);
        caret..caret
    } else {
        start..start + changed.len()
    };
    Typed {
        range: start..end,
        text: changed,
        selection,
    }
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Applies what was typed; `|` marks the selection's ends.
    fn applied(marked: &str, typed: impl Fn(&str, Range<usize>) -> Typed) -> String {
        let text = marked.replace('|', "");
        let start = marked.find('|').expect("a caret");
        let end = marked
            .rfind('|')
            .expect("a caret")
            .saturating_sub(1)
            .max(start);
        let typed = typed(&text, start..end);
        let mut text = text;
        text.replace_range(typed.range, &typed.text);
        text.insert(typed.selection.end, '|');
        if !typed.selection.is_empty() {
            text.insert(typed.selection.start, '|');
        }
        text
    }

    #[test]
    fn a_new_line_keeps_the_indentation() {
        assert_eq!(applied("  begin;|", new_line), "  begin;\n  |");
        assert_eq!(applied("service a {|", new_line), "service a {\n  |");
        assert_eq!(applied("a| b", new_line), "a\n| b");
    }

    #[test]
    fn tab_indents_at_the_caret_or_the_lines() {
        assert_eq!(applied("a|b", indent), "a  |b");
        assert_eq!(applied("|a\n\nb\n|c", indent), "|  a\n\n  b|\nc");
    }

    #[test]
    fn shift_tab_takes_one_step_away() {
        assert_eq!(applied("    a|b", outdent), "  a|b");
        assert_eq!(applied("a|b", outdent), "a|b");
        assert_eq!(applied(" | a\n   b|\n", outdent), "|a\n b|\n");
    }
}
