//! What a text means in one of its designs: everything that follows from the text and the selection.

use std::sync::Arc;

use tidewire_scenario::{Effective, Outline, Program};
use tidewire_store::hash::StableHasher;
use tidewire_syntax::ast::ItemKind;
use tidewire_syntax::{Diagnostic, Parse, Span};

use super::finding::DiagnosticView;
use super::sketch::{holds, sketch};
use crate::layout::Sketch;
use crate::source;

/// A text, read and compiled in one design.
#[derive(Debug)]
pub(super) struct Analysis {
    pub(super) parse: Parse,
    pub(super) designs: Vec<String>,
    /// Index of the selected design.
    pub(super) design: Option<usize>,
    pub(super) outline: Outline,
    /// The blocks that count in the selected design.
    pub(super) effective: Effective,
    pub(super) sketch: Sketch,
    pub(super) program: Option<Arc<Program>>,
    /// By place.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// The diagnostics as a screen shows them.
    pub(super) views: Vec<DiagnosticView>,
    /// Whether the text could be read completely.
    pub(super) reads: bool,
    pub(super) title: String,
    pub(super) about: String,
    /// Equal for texts that run the same: layout, comments, white space and other designs left out.
    pub(super) meaning: u128,
}

impl Analysis {
    /// Reads and compiles a text in the design of this name, or in the first.
    pub(super) fn of(text: &str, wanted: Option<&str>) -> Self {
        let parse = tidewire_syntax::parse(text);
        // A design that was chosen and is gone again must not become an error of the text.
        let known = tidewire_scenario::design_names(parse.file());
        let wanted = wanted.filter(|wanted| known.iter().any(|name| name == wanted));
        let compiled = tidewire_scenario::compile(&parse, wanted);
        let diagnostics = compiled.diagnostics;
        let outline = compiled.outline;
        let (title, about) = texts(&compiled.effective);
        Self {
            sketch: sketch(&compiled.effective, &outline, &diagnostics),
            views: diagnostics
                .iter()
                .map(|finding| view(finding, text, &outline))
                .collect(),
            meaning: meaning(&parse, compiled.design),
            program: compiled.program.map(Arc::new),
            designs: compiled.designs,
            design: compiled.design,
            outline,
            effective: compiled.effective,
            diagnostics,
            reads: source::is_fine(parse.diagnostics()),
            title,
            about,
            parse,
        }
    }

    /// Name of the selected design.
    pub(super) fn design_name(&self) -> Option<&str> {
        self.design
            .and_then(|index| self.designs.get(index))
            .map(String::as_str)
    }
}

fn view(finding: &Diagnostic, text: &str, outline: &Outline) -> DiagnosticView {
    let node = outline.nodes.iter().find(|node| holds(node, finding.span));
    DiagnosticView {
        node: node.map(|node| node.name.to_string()),
        ..DiagnosticView::of(finding, text)
    }
}

fn texts(effective: &Effective) -> (String, String) {
    let (mut title, mut about) = (String::new(), String::new());
    for block in &effective.blocks {
        match &block.item.kind {
            ItemKind::Scenario(text) => title.clone_from(&text.value),
            ItemKind::About(text) => about.clone_from(&text.value),
            _ => {}
        }
    }
    (title, about)
}

/// A hash of the tokens that decide how the selected design runs.
fn meaning(parse: &Parse, design: Option<usize>) -> u128 {
    let mut left_out: Vec<Span> = Vec::new();
    let mut designs = 0;
    let is_layout = |kind: &ItemKind| matches!(kind, ItemKind::Layout(_));
    for item in &parse.file().items {
        match &item.kind {
            ItemKind::Design(written) => {
                if design == Some(designs) {
                    let inner = written.items.iter().filter(|item| is_layout(&item.kind));
                    left_out.extend(inner.map(|item| item.span));
                } else {
                    left_out.push(item.span);
                }
                designs += 1;
            }
            kind if is_layout(kind) => left_out.push(item.span),
            _ => {}
        }
    }
    let mut hasher = StableHasher::default();
    let elements = parse.syntax().descendants_with_tokens();
    for token in elements.filter_map(|element| element.into_token()) {
        let start = u32::from(token.text_range().start());
        let outside = left_out
            .iter()
            .all(|span| start < span.start || start >= span.end);
        if outside && !token.kind().is_trivia() {
            hasher.bytes(token.text().as_bytes());
        }
    }
    hasher.word(design.map_or(u64::MAX, |design| design as u64));
    hasher.finish()
}
