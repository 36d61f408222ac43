//! The code of a projection. Each event is one transaction on the target database, in which the checkpoint moves too;
//! so what was done and how far it came are never at odds. A rebuild empties the tables and goes back to the beginning.

use std::collections::BTreeSet;

use tidewire_store::Type;
use tidewire_syntax::Span;
use tidewire_syntax::ast::sql::Statement as Tree;
use tidewire_syntax::ast::{ServiceMember, Step, StepKind};
use tidewire_syntax::parse_statement;

use super::super::services::Projection;
use super::frame::Frame;
use super::generated::quoted;
use crate::outline::each_step;
use crate::{Instruction, Label};

impl Frame<'_, '_> {
    /// Lowers the handler of an event.
    pub(super) fn projection(&mut self, steps: &[Step], of: Projection<'_>) {
        let span = self.builder.signatures[self.id.index()].span;
        self.transaction(of, "begin", span);
        if self.project(steps, of, span).is_none() {
            self.is_poisoned = true;
        }
        self.transaction(of, "commit", span);
    }

    fn project(&mut self, steps: &[Step], of: Projection<'_>, span: Span) -> Option<()> {
        let name = quoted(of.name);
        let (position, end) = (self.hidden(Type::BigInt), self.hidden(Type::BigInt));
        let text = format!(
            "select position, replayed_to from checkpoints
             where projection = {name} and partition = :partition for update"
        );
        let words = "read checkpoint".to_owned();
        let (read, _) = self.generated(&text, of.database, words, span)?;
        self.send(read, vec![position.slot, end.slot], span);
        let replaying = format!("coalesce(:offset <= {}, false)", end.text);
        let replaying = self.generated_scalar(&replaying, span)?;
        let slot = self.bind_quietly("replaying", Type::Boolean);
        self.emit(Instruction::Set(slot, replaying), span);
        let known = self.label();
        let is_new = format!("{0} is null or :offset > {0}", position.text);
        let is_new = self.generated_scalar(&is_new, span)?;
        self.emit(Instruction::Unless(is_new, known), span);
        self.flow.open.insert(of.database);
        self.reactors_off = of.reactors_off;
        self.steps(steps);
        self.flow.open.remove(&of.database);
        self.flow.has_ended = false;
        let text = format!(
            "insert into checkpoints (projection, partition, position) values ({name}, :partition, :offset)
             on conflict (projection, partition) do update set position = excluded.position"
        );
        let words = "write checkpoint :offset".to_owned();
        let (write, _) = self.generated(&text, of.database, words, span)?;
        self.send(write, Vec::new(), span);
        self.mark(known);
        Some(())
    }

    /// Lowers the command `Rebuild`.
    pub(super) fn rebuild(&mut self, members: &[ServiceMember], of: Projection<'_>) {
        let span = self.builder.signatures[self.id.index()].span;
        // First back, then empty: after a crash in between, everything comes again and the checkpoint passes it over.
        self.emit(Instruction::Rewind, span);
        self.transaction(of, "begin", span);
        for table in written_tables(members) {
            let words = format!("delete from {table}");
            let text = format!("delete from \"{table}\"");
            if let Some((id, _)) = self.generated(&text, of.database, words, span) {
                self.send(id, Vec::new(), span);
            }
        }
        let text = format!(
            "update checkpoints set position = -1,
               replayed_to = case when position > coalesce(replayed_to, -1) then position else replayed_to end
             where projection = {}",
            quoted(of.name)
        );
        let words = "write checkpoint -1".to_owned();
        if let Some((id, _)) = self.generated(&text, of.database, words, span) {
            self.send(id, Vec::new(), span);
        }
        self.transaction(of, "commit", span);
        self.emit(Instruction::Reply(Vec::new()), span);
    }

    /// `begin` or `commit` on the target.
    fn transaction(&mut self, of: Projection<'_>, word: &str, span: Span) {
        if let (Some(tree), _) = parse_statement(word) {
            let words = word.to_owned();
            self.control_statement(&tree, of.database, words, span);
        }
    }

    /// Skips a publication or a call while the projection is rebuilt, if it wants that. Goes on at the label.
    pub(super) fn mute(&mut self, kind: &StepKind, span: Span) -> Option<Label> {
        let is_reactor = matches!(kind, StepKind::Publish(_) | StepKind::Call(_));
        if !self.reactors_off || !is_reactor {
            return None;
        }
        let behind = self.label();
        let condition = self.generated_scalar("not :replaying", span)?;
        self.emit(Instruction::Unless(condition, behind), span);
        Some(behind)
    }
}

/// The tables that the handlers change, each once, in order of their names.
fn written_tables(members: &[ServiceMember]) -> BTreeSet<String> {
    let mut tables = BTreeSet::new();
    for member in members {
        let ServiceMember::Subscription(on) = member else {
            continue;
        };
        each_step(&on.body, &mut |step| {
            let StepKind::Sql { statement, .. } = &step.kind else {
                return;
            };
            let table = match statement {
                Tree::Insert(tree) => &tree.table,
                Tree::Update(tree) => &tree.table,
                Tree::Delete(tree) => &tree.table,
                _ => return,
            };
            tables.insert(table.table.to_string());
        });
    }
    tables
}
