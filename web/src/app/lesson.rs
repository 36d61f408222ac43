//! Lessons: opening them, their question and what one sees of the answer, and how far one has come.

use std::rc::Rc;

use super::view::Sheet;
use super::{App, Msg};
use crate::format::milliseconds;
use crate::lessons::{FIRST, Fetched};
use crate::panels::lesson::{Asking, LessonCardProps, Question, Stage};
use crate::saved::Work;
use crate::shared::Shared;
use tidewire_session::document::{Command, Document};
use tidewire_session::gallery;
use tidewire_session::lesson::LessonView;

/// Who goes so near to the question by steps is asked.
const NEAR_US: u64 = 5_000;

/// A lesson whose text is on its way, and what will be shown of it.
pub(super) struct Opening {
    slug: &'static str,
    design: Option<String>,
    /// The seed of the last visit; without it the lesson's own.
    seed: Option<u64>,
    /// Go back to it by an edit, which can be undone.
    reset: bool,
}

impl App {
    /// Shows what was kept at the last visit, or the first lesson.
    pub(super) fn restore(&mut self, work: Work) {
        let slug = work.lesson.as_deref().unwrap_or(FIRST);
        let lesson = gallery::find(slug).map(|lesson| lesson.slug);
        let Some(text) = work.text else {
            self.open(Opening {
                slug: lesson.unwrap_or(FIRST),
                design: work.design,
                seed: work.seed,
                reset: false,
            });
            return;
        };
        self.seed = work.seed.unwrap_or(self.seed);
        self.lesson = work.lesson.and(lesson).map(str::to_owned);
        self.edited = true;
        self.show_document(Document::open(text), work.design.as_deref());
        self.tell_restored();
    }

    /// A lesson was chosen.
    pub(super) fn open_lesson(&mut self, slug: &str) {
        let Some(lesson) = gallery::find(slug) else {
            return;
        };
        self.drawer = None;
        self.close_notice();
        self.open(Opening {
            slug: lesson.slug,
            design: None,
            seed: None,
            reset: false,
        });
    }

    /// Back to the lesson's own text. It is an edit, so it can be undone.
    pub(super) fn reset(&mut self) {
        let lesson = self.lesson.as_deref().and_then(gallery::find);
        self.open(Opening {
            slug: lesson.map_or(FIRST, |lesson| lesson.slug),
            design: None,
            seed: None,
            reset: true,
        });
    }

    /// Shows a lesson now, or as soon as its text has come.
    fn open(&mut self, opening: Opening) {
        let slug = opening.slug;
        match self.texts.get(slug) {
            Some(text) => self.opened(opening, &text),
            None => {
                self.opening = Some(opening);
                self.texts.fetch(slug, self.dispatch.reform(Msg::Fetched));
            }
        }
    }

    /// A text has come, or has not.
    pub(super) fn fetched(&mut self, (slug, fetched): Fetched) {
        let Some(opening) = self.opening.take_if(|opening| opening.slug == slug) else {
            return;
        };
        match fetched {
            Ok(text) => self.opened(opening, &text),
            Err(reason) => self.lesson_missing(slug, &reason),
        }
    }

    fn lesson_missing(&mut self, slug: &str, reason: &str) {
        let title = gallery::find(slug).map_or(slug, |lesson| lesson.title);
        // Something is there to look at even when a reload meets a network that is gone.
        if self.document.borrow().text().is_empty() {
            self.open_lesson(FIRST);
        }
        self.problem(format!(
            "The lesson '{title}' cannot be loaded: {reason}. Check the connection, then choose it again."
        ));
    }

    fn opened(&mut self, opening: Opening, text: &Rc<str>) {
        self.opening = None;
        self.lesson = Some(opening.slug.to_owned());
        if opening.reset {
            self.edit(Command::SetText(text.to_string()));
            self.fit += 1;
            self.close_notice();
        } else {
            let own = Document::open(&**text);
            let seed = own.lesson().and_then(|lesson| lesson.seed).map(u64::from);
            self.seed = opening.seed.or(seed).unwrap_or(self.seed);
            self.replace_text(text.to_string(), opening.design.as_deref());
            self.transport.playing = !self.transport.reduced_motion;
            let title = gallery::find(opening.slug).map_or("", |lesson| lesson.title);
            self.polite = format!("Lesson {title}");
        }
        self.edited = false;
        self.ask_again();
        self.saw_design();
        self.keep();
    }

    /// The selected design of the lesson is shown.
    pub(super) fn saw_design(&mut self) {
        let Some(slug) = self.lesson.clone().filter(|_| !self.edited) else {
            return;
        };
        let design = self.document.borrow().selected_design().map(str::to_owned);
        let mut progress = (*self.progress).clone();
        if progress.saw(&slug, design.as_deref()) {
            self.set_progress(progress);
        }
    }

    fn set_progress(&mut self, progress: crate::progress::Progress) {
        // Where nothing is kept it lasts as long as the page; keeping the work says so.
        progress.keep();
        self.progress = Shared::new(progress);
    }

    /// The lesson of what runs.
    fn lesson_view(&self) -> Option<LessonView> {
        let document = self.document.borrow();
        document
            .lesson()
            .filter(|_| document.canvas_runs())
            .cloned()
    }

    /// When the question is asked.
    pub(super) fn question_at(&self) -> Option<u64> {
        self.document.borrow().lesson().map(|lesson| lesson.at_us)
    }

    /// The question is ahead again, for another lesson or design.
    pub(super) fn ask_again(&mut self) {
        self.question = Question::default();
    }

    /// Stops the playhead where the question is asked. Whether it was stopped.
    pub(super) fn meet_question(&mut self) -> bool {
        if self.question.stage != Stage::Ahead {
            return false;
        }
        let now_us = self.transport.at_us;
        let (at_us, words): (u64, Rc<str>) = match self.document.borrow().lesson() {
            Some(lesson) if now_us >= lesson.at_us => (lesson.at_us, Rc::from(&*lesson.question)),
            _ => return false,
        };
        // Who goes far beyond it wants to look at something else.
        if !self.transport.playing && now_us - at_us > NEAR_US {
            return false;
        }
        self.question.stage = Stage::Asked;
        let playing = std::mem::take(&mut self.transport.playing);
        if playing {
            self.transport.seek(at_us);
        }
        self.polite = format!("Paused at {} for a question. {words}", milliseconds(at_us));
        if self.is_narrow() {
            self.show_sheet(Sheet::Lesson);
        }
        playing
    }

    pub(super) fn asking(&mut self, asking: Asking) {
        match asking {
            Asking::Go => self.go_to_question(),
            Asking::Choose(answer) => self.question.chosen = Some(answer),
            Asking::Check => self.tell(self.question.chosen),
            Asking::ShowMe => self.tell(None),
            Asking::Step(step) => self.show_step(step),
            Asking::Again => {
                self.ask_again();
                self.go_to_question();
            }
            Asking::Fold(folded) => self.question.folded = folded,
            Asking::Seed(seed) => self.set_seed(u64::from(seed)),
        }
    }

    fn go_to_question(&mut self) {
        self.question.going = true;
        self.transport.playing = false;
        self.arrive();
    }

    /// Goes where one wanted to, if the run has come so far.
    pub(super) fn arrive(&mut self) {
        let reached = self.tape.read(|recording| recording.reached_us());
        let at_us = self.lesson_view().map(|lesson| lesson.at_us);
        let here = |at_us: &u64| self.finished || *at_us <= reached;
        if let Some(at_us) = at_us.filter(here).filter(|_| self.question.going) {
            self.question.going = false;
            self.seek(at_us);
        }
    }

    /// Says which answer is right, after a prediction or without one.
    fn tell(&mut self, predicted: Option<usize>) {
        let Some(answers) = self
            .outcome
            .as_ref()
            .and_then(|outcome| outcome.answers.as_ref())
        else {
            return;
        };
        self.question.stage = Stage::Told;
        self.question.predicted = predicted;
        super::tabs::focus_soon("lesson");
        self.question.step = None;
        let right = answers.iter().find(|answer| answer.right == Some(true));
        let is_right = |answer: usize| answers.get(answer).is_some_and(|it| it.right == Some(true));
        let guessed = predicted.is_some_and(is_right);
        let verdict = match (predicted, guessed) {
            (Some(_), true) => "Right. ",
            (Some(_), false) => "Not in this run. ",
            _ => "",
        };
        let what = right.map_or("The run does not tell.", |answer| &*answer.text);
        self.polite = format!("{verdict}{what}");
        if let Some(slug) = self.lesson.clone().filter(|_| guessed && !self.edited) {
            let mut progress = (*self.progress).clone();
            if progress.predicted(&slug) {
                self.set_progress(progress);
            }
        }
    }

    /// Goes to what is highlighted, or back to the answer.
    fn show_step(&mut self, step: Option<usize>) {
        let Some(lesson) = self.lesson_view() else {
            return;
        };
        self.question.step = step.filter(|step| *step < lesson.highlights.len());
        let Some(step) = self.question.step else {
            return;
        };
        let highlight = &lesson.highlights[step];
        self.transport.playing = false;
        self.seek(highlight.at_us);
        self.polite = format!(
            "Step {} of {}, {}: {}",
            step + 1,
            lesson.highlights.len(),
            milliseconds(highlight.at_us),
            highlight.note
        );
    }

    /// The nodes that the step points at.
    pub(super) fn lit_nodes(&self) -> Vec<u32> {
        let step = self
            .question
            .step
            .filter(|_| self.question.stage == Stage::Told);
        let document = self.document.borrow();
        let highlight = step.and_then(|step| document.lesson()?.highlights.get(step));
        highlight.map_or_else(Vec::new, |highlight| highlight.nodes.clone())
    }

    /// What the card with the question is drawn from.
    pub(super) fn lesson_card(&self) -> Option<LessonCardProps> {
        let outcome = self.outcome.as_ref();
        Some(LessonCardProps {
            lesson: self.lesson_view()?,
            question: self.question,
            answers: outcome.and_then(|outcome| outcome.answers.clone()),
            names: self.drawing.clone(),
            seed: self.seed,
            on_ask: self.reports.ask.clone(),
        })
    }
}
