//! The code of a relay: look, publish the oldest rows one by one, and delete or mark each or remember its id.
//!
//! Publishing and deleting are two effects, so a crash between them publishes the row again: a relay delivers
//! at least once.

use tidewire_store::Type;
use tidewire_syntax::Name;
use tidewire_syntax::Span;
use tidewire_syntax::ast::sql::{
    Assignment, BinaryOperator, Delete, Expression, ExpressionKind, Literal, OrderBy, Query,
    Select, SelectItem, Statement, TableExpression, TableName, Update,
};
use tidewire_syntax::ast::{Relay, RelayMemory};

use super::super::relays::COLUMNS;
use super::data::Columns;
use super::frame::Frame;
use super::generated::quoted;
use super::value::parameter;
use crate::{DatabaseId, Instruction, PublishRow, StatementId, defaults};

impl Frame<'_, '_> {
    /// Lowers a relay.
    pub(super) fn relay(&mut self, relay: &Relay, database: DatabaseId) {
        let writer = Writer {
            span: relay.table.span,
            table: TableName {
                database: None,
                ..relay.table.clone()
            },
        };
        let at = Name::new(
            self.builder.program.databases[database.index()]
                .name
                .clone(),
            writer.span,
        );
        let table = &relay.table.table;
        let looked = match &relay.memory {
            RelayMemory::Delete => self.data_statement(writer.look(None), Some(&at), writer.span),
            RelayMemory::Mark(mark) => {
                self.data_statement(writer.look(Some(mark)), Some(&at), writer.span)
            }
            RelayMemory::Position => self.look_behind(relay, database, writer.span),
        };
        let Some((look, columns)) = looked else {
            return;
        };
        self.reword(look, format!("select from {table} order by id"));
        let cursor = self.cursors;
        self.cursors += 1;
        self.emit(Instruction::OpenCursor(look, cursor), writer.span);
        let (turn, done) = (self.label(), self.label());
        self.mark(turn);
        let outputs = self.bind_columns(&columns, None, writer.span);
        let &[id, topic, key, event, payload] = outputs.as_slice() else {
            return;
        };
        let next = Instruction::NextRow {
            cursor,
            outputs,
            done,
        };
        self.emit(next, writer.span);
        let row = PublishRow {
            id,
            topic,
            key,
            event,
            payload,
        };
        self.emit(Instruction::PublishRow(row), writer.span);
        let finish = match &relay.memory {
            RelayMemory::Mark(column) => {
                let words = format!("update {table} set {column} = true where id = :id");
                (writer.mark(column), words)
            }
            RelayMemory::Delete => {
                let words = format!("delete from {table} where id = :id");
                (writer.delete(), words)
            }
            RelayMemory::Position => {
                if let Some(keep) = self.keep_position(relay, database, writer.span) {
                    self.send(keep, Vec::new(), writer.span);
                }
                self.emit(Instruction::Jump(turn), writer.span);
                return self.mark(done);
            }
        };
        if let Some((id, _)) = self.data_statement(finish.0, Some(&at), writer.span) {
            self.reword(id, finish.1);
            self.send(id, Vec::new(), writer.span);
        }
        self.emit(Instruction::Jump(turn), writer.span);
        self.mark(done);
    }

    /// Rows behind the position, in order of their ids. What commits later with a lower id is never seen.
    fn look_behind(
        &mut self,
        relay: &Relay,
        database: DatabaseId,
        span: Span,
    ) -> Option<(StatementId, Columns)> {
        let name = quoted(relay.name.as_str());
        let text =
            format!("select max(position) as position from relay_positions where relay = {name}");
        let words = "read position".to_owned();
        let (read, _) = self.generated(&text, database, words, span)?;
        let position = self.hidden(Type::BigInt);
        self.send(read, vec![position.slot], span);
        let text = format!(
            "select {} from \"{}\" where id > coalesce({}, 0) order by id limit {}",
            COLUMNS.join(", "),
            relay.table.table,
            position.text,
            defaults::RELAY_BATCH
        );
        self.generated(&text, database, String::new(), span)
    }

    fn keep_position(
        &mut self,
        relay: &Relay,
        database: DatabaseId,
        span: Span,
    ) -> Option<StatementId> {
        let name = quoted(relay.name.as_str());
        let text = format!(
            "insert into relay_positions values ({name}, :id)
             on conflict (relay) do update set position = excluded.position"
        );
        let words = "write position :id".to_owned();
        Some(self.generated(&text, database, words, span)?.0)
    }

    /// Says what a statement does that nobody wrote.
    pub(super) fn reword(&mut self, id: StatementId, words: String) {
        self.builder.program.statements[id.index()].text = words.into();
    }
}

/// Writes the statements of one relay; all of them stand where its table is named.
struct Writer {
    span: Span,
    table: TableName,
}

impl Writer {
    fn expression(&self, kind: ExpressionKind) -> Expression {
        Expression {
            kind,
            span: self.span,
        }
    }

    fn name(&self, text: &str) -> Name {
        Name::new(text, self.span)
    }

    fn column(&self, column: &str) -> Expression {
        self.expression(ExpressionKind::Column {
            table: None,
            column: self.name(column),
        })
    }

    fn yes(&self) -> Expression {
        self.expression(ExpressionKind::Literal(Literal::Boolean(true)))
    }

    /// `select id, topic, key, event, payload from outbox [where mark is distinct from true] order by id limit 100`
    fn look(&self, mark: Option<&Name>) -> Statement {
        let filter = mark.map(|column| {
            self.expression(ExpressionKind::IsDistinctFrom {
                left: Box::new(self.column(column.as_str())),
                right: Box::new(self.yes()),
                negated: false,
            })
        });
        let batch = Literal::Integer(defaults::RELAY_BATCH.to_string());
        let columns = COLUMNS
            .iter()
            .map(|column| SelectItem::Expression(self.column(column), None))
            .collect();
        let mut select = Select::of(columns, self.span);
        select.from = vec![TableExpression::of(self.table.clone())];
        select.filter = filter;
        let mut query = Query::of(select);
        query.order_by = vec![OrderBy {
            expression: self.column("id"),
            descending: false,
            nulls_first: None,
        }];
        query.limit = Some(self.expression(ExpressionKind::Literal(batch)));
        Statement::Query(Box::new(query))
    }

    /// `id = :id`
    fn this_row(&self) -> Expression {
        self.expression(ExpressionKind::Binary(
            BinaryOperator::Equal,
            Box::new(self.column("id")),
            Box::new(parameter(self.name("id"), self.span)),
        ))
    }

    /// `delete from outbox where id = :id`
    fn delete(&self) -> Statement {
        Statement::Delete(Delete {
            with: None,
            table: self.table.clone(),
            alias: None,
            using: Vec::new(),
            filter: Some(self.this_row()),
            returning: Vec::new(),
            span: self.span,
        })
    }

    /// `update outbox set mark = true where id = :id`
    fn mark(&self, column: &Name) -> Statement {
        Statement::Update(Update {
            with: None,
            table: self.table.clone(),
            alias: None,
            assignments: vec![Assignment::Column(
                self.name(column.as_str()),
                Some(self.yes()),
            )],
            from: Vec::new(),
            filter: Some(self.this_row()),
            returning: Vec::new(),
            span: self.span,
        })
    }
}
