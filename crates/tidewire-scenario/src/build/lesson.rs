//! The lesson: one question with its answers, each of which the run itself judges, and what to look at.

use std::sync::Arc;

use tidewire_syntax::ast::{self, AnswerCondition, ItemKind, LessonMember};
use tidewire_syntax::{Diagnostic, Span, TextEdit, suggest};

use super::{Builder, quantities, unknown_anywhere};
use crate::limits::{self, grouped};
use crate::{Answer, Condition, Highlight, InvariantId, InvariantMode, Lesson};

impl Builder<'_> {
    /// Builds the lesson, if there is one. Stands behind the invariants, which answers name.
    pub(super) fn lesson(&mut self) {
        let found = self.blocks.iter().find_map(|block| match &block.item.kind {
            ItemKind::Lesson(lesson) => Some((lesson, block.item.span)),
            _ => None,
        });
        if let Some((written, span)) = found {
            self.program.lesson = self.build_lesson(written, span);
        }
    }

    fn build_lesson(&mut self, written: &ast::Lesson, span: Span) -> Option<Lesson> {
        let (mut at_us, mut until_us, mut seed) = (0, None, None);
        let (mut predict, mut explanation) = (None, None);
        let mut highlights = Vec::new();
        for member in &written.members {
            match &member.kind {
                LessonMember::Seed(number) => seed = Some(*number),
                LessonMember::At(at, until) => {
                    at_us = quantities::duration(&mut self.report, *at);
                    until_us = until.map(|until| self.until(at_us, until));
                }
                LessonMember::Predict(written) => predict = Some(written),
                LessonMember::Highlight(written) => highlights.push(self.highlight(written)),
                LessonMember::Explain(text) => {
                    explanation =
                        Some(self.lesson_text("an explanation", text, limits::EXPLANATION));
                }
                LessonMember::Without(_) => {}
            }
        }
        let number = highlights.len();
        let most = limits::HIGHLIGHTS;
        limits::count(&mut self.report, "highlights", span, number, most);
        let Some(predict) = predict else {
            self.incomplete(span, "a lesson asks a question", "add `predict '…' { … }`");
            return None;
        };
        let Some(explanation) = explanation else {
            self.incomplete(span, "a lesson explains its answer", "add `explain '…';`");
            return None;
        };
        let question = self.lesson_text("a question", &predict.question, limits::QUESTION);
        let answers = self.answers(predict, until_us);
        Some(Lesson {
            seed,
            at_us,
            until_us,
            question,
            answers,
            highlights,
            explanation,
        })
    }

    fn incomplete(&mut self, span: Span, message: &str, hint: &str) {
        let word = Span::new(span.start, span.start + "lesson".len() as u32);
        self.report.error("lesson", word, message, hint);
    }

    /// A text on one line, of at most so many characters.
    fn lesson_text(&mut self, what: &str, text: &ast::Text, most: usize) -> Arc<str> {
        let words: Vec<&str> = text.value.split_whitespace().collect();
        let line = words.join(" ");
        let length = line.chars().count();
        if length > most {
            let message = format!(
                "{what} of {} characters is over the limit of {}",
                grouped(length as u64),
                grouped(most as u64)
            );
            let hint = "say it in fewer words: it stands beside the canvas";
            self.report.error("limit", text.span, message, hint);
        }
        if line.is_empty() {
            let message = format!("{what} has no words");
            self.report
                .error("lesson", text.span, message, "write it in the quotes");
        }
        line.into()
    }

    fn until(&mut self, at_us: u64, until: ast::Duration) -> u64 {
        let until_us = quantities::duration(&mut self.report, until);
        if until_us <= at_us {
            self.report.error(
                "lesson",
                until.span,
                "the answer is decided before the question is asked",
                "write a time behind that of `at`, or leave `until` out: then the end of the run decides",
            );
        }
        until_us
    }

    fn highlight(&mut self, written: &ast::Highlight) -> Highlight {
        let mut nodes = Vec::new();
        for name in &written.nodes {
            match self.nodes.get(&name.key()) {
                Some(node) => nodes.push(*node),
                // A design may lack what another has.
                None if self.all_nodes.contains(&name.key()) => {}
                None => {
                    let finding = unknown_anywhere("node", name, self.all_nodes);
                    self.report.push(finding);
                }
            }
        }
        Highlight {
            nodes,
            at_us: quantities::duration(&mut self.report, written.at),
            note: self.lesson_text("a note", &written.note, limits::NOTE),
        }
    }

    fn answers(&mut self, predict: &ast::Predict, until_us: Option<u64>) -> Vec<Answer> {
        let number = predict.answers.len();
        if !(2..=limits::ANSWERS).contains(&number) {
            let message = format!(
                "a question has 2 to {} answers, not {number}",
                limits::ANSWERS
            );
            let hint = "leave out what nobody would answer, or add what somebody might";
            let span = predict.question.span;
            self.report.error("lesson", span, message, hint);
        }
        let mut answers: Vec<Answer> = Vec::new();
        for written in &predict.answers {
            let span = written.text.span;
            let text = self.lesson_text("an answer", &written.text, limits::ANSWER);
            let condition = match &written.condition {
                Some(condition) => self.condition(condition, until_us),
                None => Some(Condition::Otherwise),
            };
            let Some(condition) = condition else {
                continue;
            };
            let otherwise = |answer: &Answer| matches!(answer.condition, Condition::Otherwise);
            if otherwise_twice(&condition, answers.iter().any(otherwise)) {
                self.report.error(
                    "lesson",
                    span,
                    "two answers say nothing of when they are right",
                    "add `when breaks '…'`, `when holds '…'`, `when rows select …` or `when no rows select …` to all but one: the run decides",
                );
            }
            if answers.iter().any(|earlier| earlier.text == text) {
                let message = "this answer is given twice";
                self.report
                    .error("lesson", span, message, "keep one of them");
            }
            answers.push(Answer { text, condition });
        }
        answers
    }

    fn condition(&mut self, written: &AnswerCondition, until_us: Option<u64>) -> Option<Condition> {
        match written {
            AnswerCondition::Breaks(sentence) => {
                Some(Condition::Breaks(self.judged_by(sentence, until_us)?))
            }
            AnswerCondition::Holds(sentence) => {
                Some(Condition::Holds(self.judged_by(sentence, until_us)?))
            }
            AnswerCondition::Rows(query) => {
                let (query, databases) = self.across(query)?;
                Some(Condition::Rows(query, databases))
            }
            AnswerCondition::NoRows(query) => {
                let (query, databases) = self.across(query)?;
                Some(Condition::NoRows(query, databases))
            }
        }
    }

    /// The invariant of a sentence, which must be judged before the answer is.
    fn judged_by(&mut self, sentence: &ast::Text, until_us: Option<u64>) -> Option<InvariantId> {
        let invariants = &self.program.invariants;
        let found = invariants
            .iter()
            .position(|invariant| *invariant.sentence == *sentence.value);
        let Some(at) = found else {
            let known = invariants.iter().map(|invariant| &*invariant.sentence);
            self.report
                .push(unknown_sentence(sentence, known.collect()));
            return None;
        };
        if until_us.is_some() && invariants[at].mode == InvariantMode::Finally {
            self.report.error(
                "lesson",
                sentence.span,
                "this invariant is judged when all is quiet, and the answer before",
                "leave out `until`, or ask for rows: `when rows select …`",
            );
        }
        Some(InvariantId(at as u32))
    }
}

fn otherwise_twice(condition: &Condition, before: bool) -> bool {
    before && matches!(condition, Condition::Otherwise)
}

fn unknown_sentence(sentence: &ast::Text, known: Vec<&str>) -> Diagnostic {
    let message = format!("no invariant says '{}'", sentence.value);
    let finding = Diagnostic::error("unknown-name", sentence.span, message);
    if known.is_empty() {
        return finding.hint("there is no invariant here at all");
    }
    let Some(meant) = suggest(&sentence.value, known.iter().copied()) else {
        return finding.hint(format!("invariants here: '{}'", known.join("', '")));
    };
    let edit = TextEdit {
        span: sentence.span,
        text: format!("'{}'", meant.replace('\'', "''")),
    };
    let title = format!("Change to '{meant}'");
    finding
        .hint(format!("did you mean '{meant}'?"))
        .fix(title, vec![edit])
}
