//! Lessons: a question about the run, its answers, and what to look at.

use super::{Parsed, Parser};
use crate::SyntaxKind;
use crate::ast::{
    Answer, AnswerCondition, Highlight, ItemKind, Lesson, LessonMember, Member, Predict, Text,
};

const MEMBERS: &[&str] = &["seed", "at", "predict", "highlight", "explain", "without"];
const CONDITIONS: &[&str] = &["breaks", "holds", "rows", "no"];

impl Parser<'_> {
    /// `lesson { seed N; at D [until D]; predict '…' { … } highlight …; explain '…'; }`
    pub(super) fn lesson(&mut self) -> Parsed<ItemKind> {
        self.bump_as(SyntaxKind::Keyword);
        let mut members = Vec::new();
        self.braced(false, &mut |parser| {
            let start = parser.start();
            let kind = parser.lesson_member()?;
            let span = parser.since(start);
            members.push(Member { kind, span });
            Ok(())
        })?;
        Ok(ItemKind::Lesson(Lesson { members }))
    }

    fn lesson_member(&mut self) -> Parsed<LessonMember> {
        match self.one_of(MEMBERS) {
            Some("seed") => {
                self.setting(|parser| Ok(LessonMember::Seed(parser.count("the seed of the run")?)))
            }
            Some("at") => self.setting(|parser| {
                let at = parser.duration()?;
                let until = match parser.eat_word("until") {
                    true => Some(parser.duration()?),
                    false => None,
                };
                Ok(LessonMember::At(at, until))
            }),
            Some("predict") => self.node(SyntaxKind::Predict, |parser| parser.predict()),
            Some("highlight") => self.setting(|parser| {
                let nodes = parser.name_list("the name of a node", false)?;
                parser.expect_word("at")?;
                let at = parser.duration()?;
                let note = parser.text_literal("what is seen there, in single quotes")?;
                Ok(LessonMember::Highlight(Highlight { nodes, at, note }))
            }),
            Some("explain") => self.setting(|parser| {
                let text = parser.text_literal("the explanation in single quotes")?;
                Ok(LessonMember::Explain(text))
            }),
            Some(_) => {
                let name = self.node(SyntaxKind::Without, |parser| parser.without())?;
                Ok(LessonMember::Without(name))
            }
            None => self.unknown_word("a member of a lesson", MEMBERS),
        }
    }

    fn predict(&mut self) -> Parsed<LessonMember> {
        self.bump_as(SyntaxKind::Keyword);
        let question = self.text_literal("the question in single quotes")?;
        let mut answers = Vec::new();
        self.braced(false, &mut |parser| {
            if !parser.at_word("answer") {
                return parser.unknown_word("an answer", &["answer"]);
            }
            let answer = parser.node(SyntaxKind::Answer, |parser| parser.answer())?;
            answers.push(answer);
            Ok(())
        })?;
        Ok(LessonMember::Predict(Predict { question, answers }))
    }

    fn answer(&mut self) -> Parsed<Answer> {
        self.bump_as(SyntaxKind::Keyword);
        let text = self.text_literal("the answer in single quotes")?;
        let condition = match self.eat_word("when") {
            true => Some(self.answer_condition()?),
            false if self.at(SyntaxKind::Word) && !self.first_on_line() => {
                return self.unknown_word("`;` or `when`", &["when"]);
            }
            false => None,
        };
        self.semicolon()?;
        Ok(Answer { text, condition })
    }

    /// `breaks 'sentence'`, `holds 'sentence'`, `rows SELECT …`, `no rows SELECT …`
    fn answer_condition(&mut self) -> Parsed<AnswerCondition> {
        let Some(word) = self.one_of(CONDITIONS) else {
            return self.unknown_word("when the answer is right", CONDITIONS);
        };
        self.bump_as(SyntaxKind::Keyword);
        match word {
            "breaks" => Ok(AnswerCondition::Breaks(self.sentence()?)),
            "holds" => Ok(AnswerCondition::Holds(self.sentence()?)),
            "rows" => Ok(AnswerCondition::Rows(Box::new(self.rows_query()?))),
            _ => {
                self.expect_word("rows")?;
                Ok(AnswerCondition::NoRows(Box::new(self.rows_query()?)))
            }
        }
    }

    fn sentence(&mut self) -> Parsed<Text> {
        self.text_literal("the sentence of an invariant in single quotes")
    }
}
