//! Expressions of steps: `:names` resolved, draws lifted out, queries sent as statements of their own.

use tidewire_store::{Scalar, Type};
use tidewire_syntax::ast::sql::{
    Expression, ExpressionKind, FunctionCall, Query, Select, SelectItem, Statement, TableName,
};
use tidewire_syntax::{Diagnostic, Name, Span};

use super::frame::{Frame, OF_MESSAGES};
use crate::report::unknown;
use crate::types::{assignable, cast, is_untyped, spelling};
use crate::walk::{self, Visitor};
use crate::{Draw, Instruction, Scope};

/// What a statement or expression mentions.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    /// The `:names`, resolved.
    pub(super) scope: Scope,
    /// The tables.
    pub(super) tables: Vec<TableName>,
    /// A query stands in it.
    pub(super) has_query: bool,
    /// Something in it means nothing; that has been reported.
    pub(super) has_failed: bool,
}

/// A planned expression.
pub(super) struct Planned {
    pub(super) scalar: Scalar,
    pub(super) data_type: Option<Type>,
}

impl Frame<'_, '_> {
    /// Resolves what a statement mentions and lifts its draws: each is drawn once for the whole statement.
    pub(super) fn prepare_statement(&mut self, tree: &mut Statement) -> Mentions {
        let mut preparer = Preparer::new(self);
        walk::statement(tree, &mut preparer);
        preparer.mentions
    }

    fn prepare_expression(&mut self, tree: &mut Expression) -> Mentions {
        let mut preparer = Preparer::new(self);
        walk::expression(tree, &mut preparer);
        preparer.mentions
    }

    /// Plans an expression; `None` after an error was reported.
    pub(super) fn value(&mut self, written: &Expression) -> Option<Planned> {
        let (tree, scope) = self.prepared(written)?;
        self.plan(&tree, &scope)
    }

    /// An expression with draws and queries lifted out. They are lifted when this is called: call it once.
    pub(super) fn prepared(&mut self, written: &Expression) -> Option<(Expression, Scope)> {
        let mut tree = written.clone();
        let mut mentions = self.prepare_expression(&mut tree);
        if !mentions.has_failed && mentions.has_query {
            tree = self.ask(tree)?;
            mentions = self.prepare_expression(&mut tree);
        }
        if mentions.has_failed {
            self.is_poisoned = true;
            return None;
        }
        Some((tree, mentions.scope))
    }

    pub(super) fn plan(&mut self, tree: &Expression, scope: &Scope) -> Option<Planned> {
        match Scalar::plan(tree, scope) {
            Ok(scalar) => {
                let data_type = scalar.data_type();
                Some(Planned { scalar, data_type })
            }
            Err(error) => {
                self.fail(crate::report::from_plan_error(&error));
                None
            }
        }
    }

    /// Sends an expression with queries in it as `SELECT expression`, and answers the value that stands for it.
    fn ask(&mut self, tree: Expression) -> Option<Expression> {
        let span = tree.span;
        let select = Select::of(vec![SelectItem::Expression(tree, None)], span);
        let statement = Statement::Query(Box::new(Query::of(select)));
        let (id, columns) = self.data_statement(statement, None, span)?;
        let data_type = columns.first().map(|(_, data_type)| *data_type);
        let (name, slot) = self.bind_hidden(format!("answer {}", id.0), data_type);
        self.send(id, vec![slot], span);
        Some(parameter(name, span))
    }

    /// Plans an expression whose value goes where a type is declared.
    pub(super) fn value_as(
        &mut self,
        written: &Expression,
        to: Type,
        what: &str,
    ) -> Option<Scalar> {
        let (tree, scope) = self.prepared(written)?;
        self.plan_as((tree, &scope), to, what)
    }

    pub(super) fn plan_as(
        &mut self,
        value: (Expression, &Scope),
        to: Type,
        what: &str,
    ) -> Option<Scalar> {
        let (tree, scope) = value;
        let planned = self.plan(&tree, scope)?;
        match planned.data_type.filter(|_| !is_untyped(&tree)) {
            Some(from) if from == to => Some(planned.scalar),
            Some(from) if !assignable(from, to) => {
                let (from, to) = (spelling(from), spelling(to));
                self.builder.report.push(
                    Diagnostic::error(
                        "type-mismatch",
                        tree.span,
                        format!("{what} is {to}, but this is {from}"),
                    )
                    .hint(format!("convert it: cast(… as {to})")),
                );
                None
            }
            _ => self
                .plan(&cast(tree, to), scope)
                .map(|planned| planned.scalar),
        }
    }

    /// Plans a condition.
    pub(super) fn condition(&mut self, written: &Expression) -> Option<Scalar> {
        let planned = self.value(written)?;
        match planned.data_type {
            None | Some(Type::Boolean) => Some(planned.scalar),
            Some(other) => {
                self.builder.report.push(
                    Diagnostic::error(
                        "type-mismatch",
                        written.span,
                        format!(
                            "a condition is true or false, but this is {}",
                            spelling(other)
                        ),
                    )
                    .hint("compare it with something: … > 0"),
                );
                None
            }
        }
    }

    /// Reports a `:name` that means nothing here.
    fn unknown_value(&mut self, name: &Name, field: Option<&Name>) {
        if self.is_poisoned {
            return;
        }
        let key = name.key();
        if OF_MESSAGES.contains(&key.as_str()) {
            return self.fail(
                Diagnostic::error(
                    "unknown-value",
                    name.span,
                    format!(":{name} exists only in a handler of an event"),
                )
                .hint("write it inside on … from … { }"),
            );
        }
        let fields: Vec<String> = self
            .scope
            .iter()
            .filter(|binding| binding.name.eq_ignore_ascii_case(&key))
            .filter_map(|binding| binding.field.as_deref().map(str::to_owned))
            .collect();
        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
        let finding = match field {
            Some(field) if !fields.is_empty() => unknown(
                "unknown-value",
                &format!("field of :{name}"),
                field,
                "",
                fields,
            ),
            None if !fields.is_empty() => Diagnostic::error(
                "unknown-value",
                name.span,
                format!(":{name} is a row, not a value"),
            )
            .hint(format!("name a field of it: :{name}.{}", fields[0])),
            _ => {
                let plain = self
                    .scope
                    .iter()
                    .rev()
                    .filter(|binding| binding.field.is_none());
                let known: Vec<&str> = plain
                    .map(|binding| &*binding.name)
                    .filter(|name| !name.contains(' '))
                    .collect();
                unknown("unknown-value", "value", name, ":", known)
            }
        };
        self.fail(finding);
    }
}

/// A `:name`.
pub(super) fn parameter(name: Name, span: Span) -> Expression {
    Expression {
        kind: ExpressionKind::Parameter { name, field: None },
        span,
    }
}

/// Walks over a statement or expression, resolving and lifting.
struct Preparer<'f, 'b, 'a> {
    frame: &'f mut Frame<'b, 'a>,
    mentions: Mentions,
}

impl<'f, 'b, 'a> Preparer<'f, 'b, 'a> {
    fn new(frame: &'f mut Frame<'b, 'a>) -> Self {
        Self {
            frame,
            mentions: Mentions::default(),
        }
    }

    fn mention(&mut self, name: &Name, field: Option<&Name>) {
        let Some(binding) = self.frame.find(name, field) else {
            self.frame.unknown_value(name, field);
            self.mentions.has_failed = true;
            return;
        };
        let entries = &mut self.mentions.scope.entries;
        if entries.iter().all(|(.., slot, _)| *slot != binding.slot) {
            entries.push((binding.name, binding.field, binding.slot, binding.data_type));
        }
    }

    /// Draws before the step, and answers the value that stands for the draw.
    fn lift(&mut self, call: &FunctionCall, span: Span) -> Option<Expression> {
        let drawn = match call.name.as_str() {
            "pick" => self.frame.pick(call, span),
            _ => self.frame.random(call, span),
        };
        let Some((kind, data_type)) = drawn else {
            self.mentions.has_failed = true;
            return None;
        };
        let site = self.frame.draws;
        self.frame.draws += 1;
        let (name, slot) = self
            .frame
            .bind_hidden(format!("draw {site}"), Some(data_type));
        self.frame
            .emit(Instruction::Draw(slot, Draw { site, kind }), span);
        Some(parameter(name, span))
    }
}

impl Visitor for Preparer<'_, '_, '_> {
    fn table(&mut self, table: &mut TableName) {
        self.mentions.tables.push(table.clone());
    }

    fn expression(&mut self, expression: &mut Expression) {
        if let ExpressionKind::Function(call) = &expression.kind
            && matches!(call.name.as_str(), "pick" | "random")
            && let Some(value) = self.lift(&call.clone(), expression.span)
        {
            *expression = value;
        }
        match &expression.kind {
            ExpressionKind::Parameter { name, field } => {
                let (name, field) = (name.clone(), field.clone());
                self.mention(&name, field.as_ref());
            }
            ExpressionKind::Exists(_)
            | ExpressionKind::Subquery(_)
            | ExpressionKind::InQuery { .. } => self.mentions.has_query = true,
            _ => {}
        }
    }
}
