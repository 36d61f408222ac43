//! Undo and redo on the text: each step is one replaced stretch of bytes, so going back is byte-identical.

use tidewire_syntax::Span;

/// Steps that are kept.
const MAX_STEPS: usize = 1_000;
/// Text in all steps together; the oldest go first.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// Typing is cut into steps of about this many bytes.
const TYPED_TOGETHER: usize = 48;

/// What decides whether an edit joins the step before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Grouping {
    /// A step of its own.
    Alone,
    /// One keystroke: joins what was typed or erased right beside it.
    Typing,
    /// A part of this drag.
    Gesture(u32),
}

/// A replaced stretch of text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Change {
    start: usize,
    removed: String,
    inserted: String,
}

impl Change {
    /// The smallest change from one text to the other, at character boundaries.
    fn between(before: &str, after: &str) -> Self {
        let shared = |a: &mut dyn Iterator<Item = (char, char)>| -> usize {
            a.take_while(|(a, b)| a == b)
                .map(|(a, _)| a.len_utf8())
                .sum()
        };
        let start = shared(&mut before.chars().zip(after.chars()));
        let (rest_before, rest_after) = (&before[start..], &after[start..]);
        let end = shared(&mut rest_before.chars().rev().zip(rest_after.chars().rev()));
        Self {
            start,
            removed: rest_before[..rest_before.len() - end].to_owned(),
            inserted: rest_after[..rest_after.len() - end].to_owned(),
        }
    }

    fn apply(&self, text: &str) -> String {
        replaced(text, self.start, self.removed.len(), &self.inserted)
    }

    fn revert(&self, text: &str) -> String {
        replaced(text, self.start, self.inserted.len(), &self.removed)
    }

    fn bytes(&self) -> usize {
        self.removed.len() + self.inserted.len()
    }
}

fn replaced(text: &str, start: usize, length: usize, by: &str) -> String {
    let mut result = String::with_capacity(text.len() + by.len());
    result.push_str(&text[..start]);
    result.push_str(by);
    result.push_str(&text[start + length..]);
    result
}

/// One step, with what it is called and the design selected on both sides of it.
#[derive(Clone, Debug)]
struct Step {
    change: Change,
    grouping: Grouping,
    label: String,
    design_before: Option<String>,
    design_after: Option<String>,
}

/// What a step back or forth leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Restored {
    pub(super) text: String,
    pub(super) design: Option<String>,
    pub(super) label: String,
}

/// The steps of a document.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    done: Vec<Step>,
    undone: Vec<Step>,
    /// The next keystroke begins a step of its own.
    sealed: bool,
}

/// The design selected before and after an edit.
pub(super) type Designs = (Option<String>, Option<String>);

impl History {
    /// Notes an edit that was just made.
    pub(super) fn note(
        &mut self,
        before: &str,
        after: &str,
        grouping: Grouping,
        label: String,
        designs: Designs,
    ) {
        if before == after {
            return;
        }
        self.undone.clear();
        let change = Change::between(before, after);
        let joins = !std::mem::take(&mut self.sealed) && self.joins(&change, &grouping);
        match self.done.pop_if(|_| joins) {
            Some(last) => {
                let origin = last.change.revert(before);
                let change = Change::between(&origin, after);
                self.done.push(Step {
                    change,
                    design_after: designs.1,
                    ..last
                });
            }
            None => self.done.push(Step {
                change,
                grouping,
                label,
                design_before: designs.0,
                design_after: designs.1,
            }),
        }
        self.trim();
    }

    /// What comes next is a step of its own.
    pub(super) fn seal(&mut self) {
        self.sealed = true;
    }

    fn joins(&self, change: &Change, grouping: &Grouping) -> bool {
        let Some(last) = self.done.last() else {
            return false;
        };
        match (grouping, &last.grouping) {
            (Grouping::Gesture(this), Grouping::Gesture(last)) => this == last,
            (Grouping::Typing, Grouping::Typing) => {
                let last = &last.change;
                let end = last.start + last.inserted.len();
                let goes_on = change.start == end && change.removed.is_empty();
                // Erasing backwards, over what was typed just now or before it.
                let erases =
                    change.inserted.is_empty() && (change.start + change.removed.len() == end);
                let line_ends = last.inserted.ends_with('\n') || last.removed.contains('\n');
                (goes_on || erases) && !line_ends && last.bytes() < TYPED_TOGETHER
            }
            _ => false,
        }
    }

    fn trim(&mut self) {
        let mut bytes: usize = self.done.iter().map(|step| step.change.bytes()).sum();
        let mut drop = self.done.len().saturating_sub(MAX_STEPS);
        bytes -= self.done[..drop]
            .iter()
            .map(|step| step.change.bytes())
            .sum::<usize>();
        // The last step stays, however large: it is what people want back.
        while bytes > MAX_BYTES && drop + 1 < self.done.len() {
            bytes -= self.done[drop].change.bytes();
            drop += 1;
        }
        self.done.drain(..drop);
    }

    pub(super) fn can_undo(&self) -> bool {
        !self.done.is_empty()
    }

    pub(super) fn can_redo(&self) -> bool {
        !self.undone.is_empty()
    }

    /// The text before the last step.
    pub(super) fn undo(&mut self, text: &str) -> Option<Restored> {
        let step = self.done.pop()?;
        let restored = Restored {
            text: step.change.revert(text),
            design: step.design_before.clone(),
            label: step.label.clone(),
        };
        self.undone.push(step);
        self.seal();
        Some(restored)
    }

    /// The text after the step that was undone last.
    pub(super) fn redo(&mut self, text: &str) -> Option<Restored> {
        let step = self.undone.pop()?;
        let restored = Restored {
            text: step.change.apply(text),
            design: step.design_after.clone(),
            label: step.label.clone(),
        };
        self.done.push(step);
        self.seal();
        Some(restored)
    }
}

/// The text with the span replaced, if the span fits it.
pub(super) fn splice(text: &str, span: Span, by: &str) -> Option<String> {
    let (start, end) = (span.start as usize, span.end as usize);
    let fits = start <= end && text.is_char_boundary(start) && text.is_char_boundary(end);
    (fits && end <= text.len()).then(|| replaced(text, start, end - start, by))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn edit(history: &mut History, text: &mut String, at: usize, remove: usize, insert: &str) {
        let span = Span::new(at as u32, (at + remove) as u32);
        let after = splice(text, span, insert).expect("fits");
        history.note(text, &after, Grouping::Typing, String::new(), (None, None));
        *text = after;
    }

    #[test]
    fn a_word_is_one_step_and_a_line_ends_it() {
        let (mut history, mut text) = (History::default(), String::new());
        for (at, key) in ["a", "b", "\n", "c"].iter().enumerate() {
            edit(&mut history, &mut text, at, 0, key);
        }
        assert_eq!(text, "ab\nc");
        assert_eq!(
            history.undo(&text).map(|step| step.text).as_deref(),
            Some("ab\n")
        );
        assert_eq!(
            history.undo("ab\n").map(|step| step.text).as_deref(),
            Some("")
        );
        assert_eq!(history.undo(""), None);
    }

    #[test]
    fn erasing_what_was_just_typed_is_the_same_step() {
        let (mut history, mut text) = (History::default(), String::from("x"));
        edit(&mut history, &mut text, 1, 0, "y");
        edit(&mut history, &mut text, 1, 1, "");
        edit(&mut history, &mut text, 0, 1, "");
        assert_eq!(text, "");
        assert_eq!(
            history.undo(&text).map(|step| step.text).as_deref(),
            Some("x")
        );
    }

    #[test]
    fn a_change_ends_at_whole_characters() {
        let change = Change::between("a\u{e9}b", "a\u{e8}b");
        assert_eq!((change.start, change.removed.as_str()), (1, "\u{e9}"));
        let grown = Change::between("aa", "aaa");
        assert_eq!((grown.removed.len(), grown.inserted.len()), (0, 1));
    }

    #[test]
    fn what_does_not_fit_is_no_splice() {
        assert_eq!(splice("\u{e9}", Span::new(1, 1), "x"), None);
        assert_eq!(splice("ab", Span::new(2, 1), "x"), None);
        assert_eq!(splice("ab", Span::new(0, 3), "x"), None);
        assert_eq!(splice("ab", Span::new(2, 2), "x").as_deref(), Some("abx"));
    }

    proptest! {
        #[test]
        fn undo_and_redo_are_byte_identical(
            start in "[a-c\u{e9}\n]{0,20}",
            edits in prop::collection::vec(
                (0..40usize, 0..6usize, "[a-c\u{e9}\n]{0,4}", 0..3u32), 0..40,
            ),
        ) {
            let mut history = History::default();
            let mut texts = vec![start];
            for (at, remove, insert, class) in edits {
                let text = texts.last().expect("never empty").clone();
                let at = text.char_indices().map(|(at, _)| at).nth(at).unwrap_or(text.len());
                let end = text[at..].char_indices().map(|(end, _)| at + end).nth(remove).unwrap_or(text.len());
                let after = splice(&text, Span::new(at as u32, end as u32), &insert).expect("fits");
                let all = [Grouping::Alone, Grouping::Typing, Grouping::Gesture(7)];
                let grouping = all[class as usize].clone();
                history.note(&text, &after, grouping, String::new(), (None, None));
                texts.push(after);
            }
            let last = texts.last().expect("never empty").clone();
            let mut back = vec![last.clone()];
            while let Some(step) = history.undo(back.last().expect("never empty")) {
                prop_assert!(texts.contains(&step.text));
                back.push(step.text);
            }
            prop_assert_eq!(back.last(), texts.first());
            let mut forth = back.pop().expect("never empty");
            while let Some(step) = history.redo(&forth) {
                let expected = back.pop();
                prop_assert_eq!(Some(&step.text), expected.as_ref());
                forth = step.text;
            }
            prop_assert_eq!(forth, last);
        }
    }
}
