//! Commands become changes of the text.

use tidewire_syntax::{Span, apply, format};

use super::history::{Grouping, splice};
use super::{Applied, Command, Document, Refusal};

impl Document {
    /// Makes an edit, or refuses and changes nothing.
    pub fn apply(&mut self, command: Command) -> Result<Applied, Refusal> {
        match command {
            Command::ReplaceText { span, text } => self.replace_text(span, &text),
            Command::SetText(text) => {
                self.change(
                    text,
                    self.chosen.clone(),
                    Grouping::Alone,
                    "replace the text",
                )?;
                Ok(told("Replaced the text"))
            }
            Command::ApplyFix { diagnostic } => self.apply_fix(diagnostic),
            Command::Format => self.format(),
            _ => Err(Refusal::new("This edit is not possible on the canvas")),
        }
    }

    fn replace_text(&mut self, span: Span, text: &str) -> Result<Applied, Refusal> {
        let changed = splice(&self.text, span, text)
            .ok_or_else(|| Refusal::new("The text has changed in the meantime"))?;
        // A keystroke joins the ones before it; whatever is pasted is a step of its own.
        let grouping = match text.chars().count() + (span.end - span.start) as usize {
            0..=2 => Grouping::Typing,
            _ => Grouping::Alone,
        };
        self.change(changed, self.chosen.clone(), grouping, "typing")?;
        Ok(Applied::default())
    }

    fn apply_fix(&mut self, diagnostic: usize) -> Result<Applied, Refusal> {
        let found = self.analysis.diagnostics.get(diagnostic);
        let fix = found
            .and_then(|found| found.fix.clone())
            .ok_or_else(|| Refusal::new("There is no such fix any more"))?;
        let text = apply(&self.text, &fix.edits);
        self.change(text, self.chosen.clone(), Grouping::Alone, &fix.title)?;
        Ok(told(fix.title))
    }

    fn format(&mut self) -> Result<Applied, Refusal> {
        let Some(text) = format(&self.text) else {
            return Err(
                Refusal::new("The text cannot be read yet, so it cannot be formatted")
                    .hint("Mend the first error of the list."),
            );
        };
        if text == self.text {
            return Ok(told("The text is formatted already"));
        }
        self.change(text, self.chosen.clone(), Grouping::Alone, "format")?;
        Ok(told("Formatted the text"))
    }

    /// Whether a wire may be drawn; the refusal says why not.
    pub fn can_connect(&self, from: &str, to: &str) -> Result<(), Refusal> {
        self.connection(from, to).map(|_| ())
    }

    fn connection(&self, from: &str, to: &str) -> Result<tidewire_scenario::Connection, Refusal> {
        let outline = &self.analysis.outline;
        let node = |name: &str| {
            let id = outline.node(name);
            id.map(|id| outline.nodes[id.index()].kind)
                .ok_or_else(|| Refusal::new(format!("There is no {name} in this design")))
        };
        let (source, target) = (node(from)?, node(to)?);
        if from.eq_ignore_ascii_case(to) {
            return Err(Refusal::new(format!("{from} needs no line to itself")));
        }
        tidewire_scenario::connection(source, target)
            .map_err(|reason| Refusal::new(sentence(reason)))
    }
}

/// An edit of which only a sentence need be said.
pub(super) fn told(announcement: impl Into<String>) -> Applied {
    Applied {
        announcement: announcement.into(),
        ..Applied::default()
    }
}

/// The same words with a capital letter.
pub(super) fn sentence(words: &str) -> String {
    let mut characters = words.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}
