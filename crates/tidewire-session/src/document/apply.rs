//! Commands become changes of the text. What a wire writes is in `connect`, what a split writes in
//! `own_database`.

use tidewire_syntax::edit::{self, EditError, Edits};
use tidewire_syntax::{Span, apply, format, parse};

use super::history::{Grouping, splice};
use super::{Applied, Command, Document, Part, Refusal};
use crate::layout::{free_place, snap};
use crate::view::Rectangle;

/// How far right and below a copy stands.
const COPY_OFFSET: i32 = 32;
/// Farther away than this no node is put.
const FARTHEST: i32 = 20_000;

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
            Command::AddNode { part, x, y } => self.add_node(part, x, y),
            Command::MoveNodes { moves, gesture } => self.move_nodes(&moves, gesture),
            Command::Rename { node, name } => self.rename(&node, &name),
            Command::Delete { nodes } => self.delete(&nodes),
            Command::Connect { from, to } => self.connect(&from, &to),
            Command::Disconnect { from, to } => self.disconnect(&from, &to),
            Command::Duplicate { node } => self.duplicate(&node),
            Command::GiveOwnDatabase { service } => self.give_own_database(&service),
            Command::ApplyFix { diagnostic } => self.apply_fix(diagnostic),
            Command::Format => self.format(),
        }
    }

    /// The text with edits made in it.
    pub(super) fn edited(&self, edits: Edits) -> Result<String, Refusal> {
        Ok(apply(&self.text, &edits.map_err(refused)?))
    }

    /// A step of its own in the selected design.
    pub(super) fn step(&mut self, text: String, label: &str) -> Result<(), Refusal> {
        self.change(text, self.chosen.clone(), Grouping::Alone, label)
    }

    /// Index of the selected design.
    pub(super) fn design(&self) -> Option<usize> {
        self.analysis.design
    }

    fn add_node(&mut self, part: Part, x: i32, y: i32) -> Result<Applied, Refusal> {
        let (kind, stem) = match part {
            Part::Client => (edit::Part::Client, "client"),
            Part::Service => (edit::Part::Service, "service"),
            Part::Gateway => (edit::Part::Gateway, "gateway"),
            Part::External => (edit::Part::External, "provider"),
            Part::EventStore => (edit::Part::EventStore, "history"),
            Part::RelationalStore => (edit::Part::Database, "store"),
            Part::LogBroker => (edit::Part::Broker, "broker"),
        };
        let name = edit::free_name(&self.analysis.parse, stem);
        // Clients are common to all designs, or a comparison would not be fair.
        let design = self.design().filter(|_| part != Part::Client);
        let added = self.edited(edit::add_block(&self.analysis.parse, kind, &name, design))?;
        let text = self.placed(&added, &name, x, y)?;
        self.step(text, &format!("add {name}"))?;
        Ok(Applied {
            select: vec![name.clone()],
            ..told(format!("Added {} {name}", part.title().to_lowercase()))
        })
    }

    /// A text with a position for a node.
    pub(super) fn placed(&self, text: &str, node: &str, x: i32, y: i32) -> Result<String, Refusal> {
        let (x, y) = (place(x), place(y));
        let edits = edit::set_positions(&parse(text), &[(node, x, y)], self.design());
        Ok(apply(text, &edits.map_err(refused)?))
    }

    fn move_nodes(
        &mut self,
        moves: &[(String, i32, i32)],
        gesture: u32,
    ) -> Result<Applied, Refusal> {
        for (node, ..) in moves {
            self.known(node)?;
        }
        let places: Vec<(&str, i32, i32)> = moves
            .iter()
            .map(|(node, x, y)| (node.as_str(), place(*x), place(*y)))
            .collect();
        let edits = edit::set_positions(&self.analysis.parse, &places, self.design());
        let text = self.edited(edits)?;
        let label = match moves {
            [(node, ..)] => format!("move {node}"),
            many => format!("move {} nodes", many.len()),
        };
        self.change(
            text,
            self.chosen.clone(),
            Grouping::Gesture(gesture),
            &label,
        )?;
        Ok(Applied::default())
    }

    fn rename(&mut self, node: &str, name: &str) -> Result<Applied, Refusal> {
        self.known(node)?;
        let name = name.trim();
        if name.chars().count() > 63 || name.chars().any(char::is_control) {
            return Err(Refusal::new(
                "A name has at most 63 characters, all of them printable",
            ));
        }
        let text = self.edited(edit::rename(&self.analysis.parse, node, name))?;
        self.step(text, &format!("rename {node}"))?;
        Ok(Applied {
            select: vec![name.to_owned()],
            ..told(format!("Renamed {node} to {name}"))
        })
    }

    fn delete(&mut self, nodes: &[String]) -> Result<Applied, Refusal> {
        for node in nodes {
            self.known(node)?;
        }
        let names: Vec<&str> = nodes.iter().map(String::as_str).collect();
        let text = self.edited(edit::delete(&self.analysis.parse, &names))?;
        let names = names.join(", ");
        self.step(text, &format!("remove {names}"))?;
        Ok(told(format!("Removed {names}")))
    }

    fn duplicate(&mut self, node: &str) -> Result<Applied, Refusal> {
        self.known(node)?;
        let name = edit::free_name(&self.analysis.parse, node);
        let copied = self.edited(edit::duplicate(&self.analysis.parse, node, &name))?;
        let offset = COPY_OFFSET as f32;
        let beside = self.frame(node).map(|frame| Rectangle {
            x: frame.x + offset,
            y: frame.y + offset,
            ..frame
        });
        let (x, y) = beside.map_or((0, 0), |frame| free_place(&self.canvas, frame));
        let text = self.placed(&copied, &name, x, y)?;
        self.step(text, &format!("duplicate {node}"))?;
        Ok(Applied {
            select: vec![name.clone()],
            ..told(format!("Copied {node} to {name}"))
        })
    }

    /// Where a node stands on the canvas.
    pub(super) fn frame(&self, node: &str) -> Option<Rectangle> {
        let nodes = self.canvas.nodes.iter();
        let found = nodes
            .into_iter()
            .find(|other| other.name.eq_ignore_ascii_case(node));
        found.map(|node| node.frame)
    }

    /// Refuses nodes that the selected design does not have.
    pub(super) fn known(&self, node: &str) -> Result<(), Refusal> {
        match self.analysis.outline.node(node) {
            Some(_) => Ok(()),
            None => Err(Refusal::new(format!("There is no {node} in this design"))),
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
}

/// A place that can be written: on the grid, not beyond all bounds.
fn place(at: i32) -> i32 {
    snap(at.clamp(-FARTHEST, FARTHEST))
}

/// The refusal for an edit that cannot be written.
pub(super) fn refused(error: EditError) -> Refusal {
    let refusal = Refusal::new(sentence(&error.to_string().replace('`', "")));
    match error {
        EditError::TextHasErrors => refusal.hint("The list of problems says where."),
        EditError::NameTaken(_) => refusal.hint("Nodes share one set of names: choose another."),
        _ => refusal,
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
