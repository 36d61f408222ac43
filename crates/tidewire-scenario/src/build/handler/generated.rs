//! Statements and expressions that the language writes: as text, because SQL reads best as SQL. What they need
//! from the handler they find under names that nobody can write.

use std::sync::Arc;

use tidewire_store::{Scalar, Type, plan};
use tidewire_syntax::ast::sql::{Expression, ExpressionKind};
use tidewire_syntax::{Name, Span, parse_expression, parse_statement};

use super::data::Columns;
use super::frame::Frame;
use crate::types::cast;
use crate::walk::{self, Visitor};
use crate::{DatabaseId, Instruction, SlotId, Statement, StatementId};

/// A value of the handler that generated text can name.
#[derive(Clone, Debug)]
pub(super) struct Hidden {
    /// Where it is.
    pub(super) slot: SlotId,
    /// How generated text names it: `:hidden_7`.
    pub(super) text: String,
}

impl Frame<'_, '_> {
    /// A new hidden value of this type.
    pub(super) fn hidden(&mut self, data_type: Type) -> Hidden {
        let number = self.slots();
        let (_, slot) = self.bind_hidden(format!("hidden {number}"), Some(data_type));
        Hidden {
            slot,
            text: format!(":hidden_{number}"),
        }
    }

    /// Keeps the value of a written expression, cast to text.
    pub(super) fn hold_text(&mut self, written: &Expression) -> Option<Hidden> {
        let (tree, scope) = self.prepared(written)?;
        let scalar = self.plan(&cast(tree, Type::Text), &scope)?.scalar;
        Some(self.hold(scalar, Type::Text, written.span))
    }

    /// Keeps a value.
    pub(super) fn hold(&mut self, scalar: Scalar, data_type: Type, span: Span) -> Hidden {
        let hidden = self.hidden(data_type);
        self.emit(Instruction::Set(hidden.slot, scalar), span);
        hidden
    }

    /// Plans a generated statement and adds it to the program; `words` is what people see of it.
    pub(super) fn generated(
        &mut self,
        text: &str,
        database: DatabaseId,
        words: String,
        span: Span,
    ) -> Option<(StatementId, Columns)> {
        let (tree, problems) = parse_statement(text);
        debug_assert!(problems.is_empty(), "{text}: {problems:?}");
        let mut tree = tree?;
        walk::statement(&mut tree, &mut Reveal(span));
        let mentions = self.prepare_statement(&mut tree);
        if mentions.has_failed {
            return None;
        }
        let catalog = self.builder.program.databases[database.index()]
            .initial
            .catalog();
        match plan(&tree, catalog, &mentions.scope) {
            Ok(plan) => {
                let columns = plan.columns().iter();
                let columns = columns
                    .map(|column| (column.name.clone(), column.data_type))
                    .collect();
                let id = self.builder.add_statement(Statement {
                    database,
                    tree,
                    scope: mentions.scope,
                    plan: Arc::new(plan),
                    outputs: Vec::new(),
                    text: words.into(),
                    span,
                });
                Some((id, columns))
            }
            Err(error) => {
                self.fail(crate::report::from_sql_error(&error.error, span));
                None
            }
        }
    }

    /// Plans a generated expression.
    pub(super) fn generated_scalar(&mut self, text: &str, span: Span) -> Option<Scalar> {
        let (tree, problems) = parse_expression(text);
        debug_assert!(problems.is_empty(), "{text}: {problems:?}");
        let mut tree = tree?;
        walk::expression(&mut tree, &mut Reveal(span));
        let (tree, scope) = self.prepared(&tree)?;
        Some(self.plan(&tree, &scope)?.scalar)
    }
}

/// A text as SQL writes it.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Puts everything to one place, and gives hidden names their true form.
struct Reveal(Span);

impl Visitor for Reveal {
    fn expression(&mut self, expression: &mut Expression) {
        expression.span = self.0;
        if let ExpressionKind::Parameter { name, .. } = &mut expression.kind {
            let text = match name.as_str().strip_prefix("hidden_") {
                Some(number) => format!("hidden {number}"),
                None => name.as_str().to_owned(),
            };
            *name = Name::new(text, self.0);
        }
    }
}
