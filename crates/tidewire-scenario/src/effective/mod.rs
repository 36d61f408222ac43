//! What a design amounts to: the common part with the design's blocks merged in, member by member.
//!
//! Header clauses and members of the same name replace, others stay, `without X` removes. Members without a
//! name of their own go by what they are about: settings by their word, seed rows by their table, handlers of
//! events by event and topic, `every` by its period. Spans stay those of the text, so that an edit of a merged
//! block finds the place where it was written.

mod items;
mod members;

use tidewire_syntax::ast::{self, ItemKind};
use tidewire_syntax::{Diagnostic, Span};

use crate::report::Report;

pub(crate) use items::item_name;

/// A scenario in one design, before any name has a meaning.
#[derive(Clone, Debug, Default)]
pub struct Effective {
    /// Which design (index among those of the text), if any.
    pub design: Option<usize>,
    /// The blocks that count, merged; no `design` and no `without` among them.
    pub blocks: Vec<Block>,
}

/// A block that counts in a design.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// The block as merged. Its span is the first place where it is written.
    pub item: ast::Item,
    /// Where it is written.
    pub origin: Origin,
}

/// Where a block is written; at least one of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Origin {
    /// In the common part.
    pub common: Option<Span>,
    /// In the design.
    pub design: Option<Span>,
}

impl Effective {
    /// The merged blocks as a file without designs.
    pub fn file(&self) -> ast::File {
        ast::File {
            items: self.blocks.iter().map(|block| block.item.clone()).collect(),
        }
    }
}

/// The names of a file's designs, in order.
pub fn design_names(file: &ast::File) -> Vec<String> {
    designs(file)
        .map(|(_, design)| design.name.value.clone())
        .collect()
}

/// A file's designs with the places of their blocks, in order.
pub(crate) fn designs(file: &ast::File) -> impl Iterator<Item = (Span, &ast::Design)> {
    file.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Design(design) => Some((item.span, design)),
        _ => None,
    })
}

/// The blocks of a design (an index among the file's designs; `None` for the common part alone), and what is
/// wrong with merging them. A block that cannot be merged is left out.
pub fn effective(file: &ast::File, design: Option<usize>) -> (Effective, Vec<Diagnostic>) {
    let mut report = Report::default();
    let mut blocks = Vec::new();
    for item in &file.items {
        items::take_common(&mut blocks, item, &mut report);
    }
    if let Some((_, design)) = design.and_then(|index| designs(file).nth(index)) {
        for item in &design.items {
            items::take_from_design(&mut blocks, item, &mut report);
        }
    }
    (Effective { design, blocks }, report.diagnostics)
}
