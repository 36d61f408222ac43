//! The lesson's card: a question that stops the run, the answer that the run gives, and what to look at, step by step.

use tidewire_session::lesson::LessonView;
use tidewire_session::protocol::AnswerOutcome;
use yew::prelude::*;

use crate::format::milliseconds;
use crate::icons::{Icon, holds_mark, sized_icon, unjudged_mark, violation_mark};
use crate::shared::Drawing;

/// Where one is with the question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The run has not come so far.
    #[default]
    Ahead,
    /// It is asked.
    Asked,
    /// It is answered.
    Told,
}

/// The question as far as it was answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Question {
    /// Where one is.
    pub(crate) stage: Stage,
    /// The answer that is marked.
    pub(crate) chosen: Option<usize>,
    /// The answer that was checked.
    pub(crate) predicted: Option<usize>,
    /// The highlight that is shown.
    pub(crate) step: Option<usize>,
    /// The playhead goes to the question as soon as the run has come so far.
    pub(crate) going: bool,
    /// Only the heading is shown.
    pub(crate) folded: bool,
}

/// What one does with the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asking {
    /// To where the question is asked.
    Go,
    /// Marks an answer.
    Choose(usize),
    /// Checks the marked one.
    Check,
    /// Tells without a prediction.
    ShowMe,
    /// To a highlight, or back to the answer.
    Step(Option<usize>),
    /// Asks once more.
    Again,
    /// Folds the card, or opens it.
    Fold(bool),
    /// Runs with the lesson's own seed.
    Seed(u32),
}

/// What the card is drawn from.
#[derive(Clone, Properties, PartialEq)]
pub(crate) struct LessonCardProps {
    /// The lesson.
    pub(crate) lesson: LessonView,
    /// How far it was answered.
    pub(crate) question: Question,
    /// What the run says; `None` while it goes on.
    pub(crate) answers: Option<Vec<AnswerOutcome>>,
    /// The canvas, whose names stand out in the texts.
    pub(crate) names: Drawing,
    /// The seed of the run.
    pub(crate) seed: u64,
    /// Told what one does.
    pub(crate) on_ask: Callback<Asking>,
}

impl LessonCardProps {
    fn does(&self, asking: Asking) -> Callback<MouseEvent> {
        self.on_ask.reform(move |_: MouseEvent| asking)
    }

    /// A text in which the names of nodes stand out.
    fn marked(&self, text: &str) -> Html {
        let is_name = |word: &str| self.names.nodes.iter().any(|node| &*node.name == word);
        let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
        let mut rest = text;
        let mut parts = Vec::new();
        while !rest.is_empty() {
            let first = rest.chars().next().is_some_and(is_part);
            let end = rest
                .find(|letter| is_part(letter) != first)
                .unwrap_or(rest.len());
            let (word, behind) = rest.split_at(end);
            parts.push(match is_name(word) {
                true => html! { <b>{ word.to_owned() }</b> },
                false => Html::from(word.to_owned()),
            });
            rest = behind;
        }
        parts.into_iter().collect()
    }
}

/// The card.
#[component]
pub(crate) fn LessonCard(props: &LessonCardProps) -> Html {
    let question = props.question;
    let body = match (question.folded, question.stage) {
        (true, _) => Html::default(),
        (_, Stage::Ahead) => ahead(props),
        (_, Stage::Asked) => asked(props),
        (_, Stage::Told) => told(props),
    };
    html! {
        <section class="coach" id="lesson" tabindex="-1" aria-label="Lesson">
            <div class="coach-h">
                { dots(props) }
                <span class="coach-where">{ heading(props) }</span>
                <button type="button" class="btn ico small" aria-expanded={(!question.folded).to_string()}
                    aria-label={if question.folded { "Show the question" } else { "Fold the question away" }}
                    onclick={props.does(Asking::Fold(!question.folded))}>
                    { sized_icon(if question.folded { Icon::Plus } else { Icon::Minus }, "14") }
                </button>
            </div>
            { body }
        </section>
    }
}

fn heading(props: &LessonCardProps) -> String {
    let count = props.lesson.highlights.len();
    match (props.question.stage, props.question.step) {
        (Stage::Told, Some(step)) => format!("Step {} of {count}", step + 1),
        (Stage::Told, None) => "Answer".to_owned(),
        _ => "Question".to_owned(),
    }
}

/// One dot for the question and one for each step behind it.
fn dots(props: &LessonCardProps) -> Html {
    let here = match (props.question.stage, props.question.step) {
        (Stage::Told, Some(step)) => step + 1,
        _ => 0,
    };
    let dot = |index: usize| match index {
        _ if index == here => "c",
        _ if index < here => "d",
        _ => "",
    };
    html! {
        <span class="dots" aria-hidden="true">{ for (0..=props.lesson.highlights.len()).map(|index| html! { <i class={dot(index)}></i> }) }</span>
    }
}

fn ahead(props: &LessonCardProps) -> Html {
    html! {
        <>
            <p>{ format!("The run stops at {} and asks what happens next.", milliseconds(props.lesson.at_us)) }</p>
            <div class="act">
                <button type="button" class="btn line small" onclick={props.does(Asking::Go)}>{ "Go there" }</button>
            </div>
        </>
    }
}

fn asked(props: &LessonCardProps) -> Html {
    let question = props.question;
    let ready = props.answers.is_some();
    let checkable = ready && question.chosen.is_some();
    let on_ask = props.on_ask.clone();
    let onsubmit = Callback::from(move |event: SubmitEvent| {
        event.prevent_default();
        if checkable {
            on_ask.emit(Asking::Check);
        }
    });
    let answers = props.lesson.answers.iter().enumerate().map(|(index, answer)| {
        let on = question.chosen == Some(index);
        let onchange = props.on_ask.reform(move |_: Event| Asking::Choose(index));
        html! {
            <label class={classes!("opt", on.then_some("on"))}>
                <input type="radio" name="answer" value={index.to_string()} checked={on} {onchange} />
                <span>{ props.marked(answer) }</span>
            </label>
        }
    });
    html! {
        <form {onsubmit}>
            <fieldset>
                <legend><span class="predict">{ "Predict. " }</span>{ props.marked(&props.lesson.question) }</legend>
                <div class="opts">{ for answers }</div>
            </fieldset>
            { other_seed(props) }
            <div class="act">
                <button type="submit" class="btn solid small" aria-disabled={(!checkable).to_string()}>{ "Check" }</button>
                <button type="button" class="btn small" aria-disabled={(!ready).to_string()} onclick={props.does(Asking::ShowMe)}>{ "Show me" }</button>
                if !ready { <span class="lab">{ "The run goes on." }</span> }
            </div>
        </form>
    }
}

/// The instants were chosen for one seed.
fn other_seed(props: &LessonCardProps) -> Html {
    let Some(seed) = props
        .lesson
        .seed
        .filter(|seed| u64::from(*seed) != props.seed)
    else {
        return Html::default();
    };
    html! {
        <p class="lab">
            { format!("Written for seed {seed}; with seed {} other things may happen at these times. ", props.seed) }
            <button type="button" class="btn line small" onclick={props.does(Asking::Seed(seed))}>{ format!("Seed {seed}") }</button>
        </p>
    }
}

fn told(props: &LessonCardProps) -> Html {
    match props.question.step {
        Some(step) => step_view(props, step),
        None => answer_view(props),
    }
}

fn answer_view(props: &LessonCardProps) -> Html {
    let answers = props.answers.as_deref().unwrap_or_default();
    let right = |index: usize| answers.get(index).and_then(|answer| answer.right);
    let verdict = match props.question.predicted.map(right) {
        Some(Some(true)) => html! { <p class="verdict good">{ holds_mark() }{ "Right." }</p> },
        Some(_) => html! { <p class="verdict">{ "Not in this run." }</p> },
        None => Html::default(),
    };
    let lines = props.lesson.answers.iter().enumerate().map(|(index, text)| {
        let predicted = props.question.predicted == Some(index);
        let (mark, words) = match (right(index), predicted) {
            (Some(true), _) => (holds_mark(), "right"),
            (Some(false), true) => (violation_mark(), "your answer, wrong"),
            (Some(false), false) => (unjudged_mark(), "wrong"),
            (None, _) => (unjudged_mark(), "the run does not tell"),
        };
        html! {
            <li class={classes!((right(index) == Some(true)).then_some("is-right"))}>
                { mark }<span>{ props.marked(text) }<span class="vh">{ format!(", {words}") }</span></span>
            </li>
        }
    });
    let undecided = answers.iter().all(|answer| answer.right != Some(true));
    let evidence = answers.iter().filter(|answer| answer.right == Some(true));
    let rows: Vec<String> = evidence
        .flat_map(|answer| &answer.rows)
        .map(|row| row_words(row))
        .collect();
    html! {
        <>
            { verdict }
            <p class="asked">{ props.marked(&props.lesson.question) }</p>
            <ul class="told">{ for lines }</ul>
            if undecided { <p>{ "None of these happens in this run." }</p> }
            if !rows.is_empty() { <p class="lab mono">{ rows.join("; ") }</p> }
            <p class="why">{ props.marked(&props.lesson.explanation) }</p>
            { other_seed(props) }
            <div class="act">
                if !props.lesson.highlights.is_empty() {
                    <button type="button" class="btn solid small" onclick={props.does(Asking::Step(Some(0)))}>{ "Show it, step by step" }</button>
                }
                <button type="button" class="btn small" onclick={props.does(Asking::Again)}>{ "Ask again" }</button>
            </div>
        </>
    }
}

/// `balance 7, member ben`
fn row_words(row: &[(String, String)]) -> String {
    let cells = row
        .iter()
        .map(|(column, value)| format!("{column} {value}"));
    cells.collect::<Vec<_>>().join(", ")
}

fn step_view(props: &LessonCardProps, step: usize) -> Html {
    let Some(highlight) = props.lesson.highlights.get(step) else {
        return Html::default();
    };
    let nodes = highlight
        .nodes
        .iter()
        .filter_map(|node| props.names.nodes.get(*node as usize));
    let names: Vec<&str> = nodes.map(|node| &*node.name).collect();
    let last = step + 1 == props.lesson.highlights.len();
    let next = if last { None } else { Some(step + 1) };
    html! {
        <>
            <p class="lab">{ format!("{}, {}", milliseconds(highlight.at_us), names.join(" and ")) }</p>
            <p class="note-text">{ props.marked(&highlight.note) }</p>
            <div class="act">
                <button type="button" class="btn line small" onclick={props.does(Asking::Step(step.checked_sub(1)))}>{ "Back" }</button>
                <button type="button" class="btn solid small" onclick={props.does(Asking::Step(next))}>{ if last { "The answer" } else { "Next" } }</button>
            </div>
        </>
    }
}
