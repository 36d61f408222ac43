//! "Give this service its own database": which tables are its own is decided by who writes them; the text of the
//! new design is written by `tidewire_syntax::edit`.

use std::collections::{BTreeMap, BTreeSet};

use tidewire_syntax::Severity;
use tidewire_syntax::ast::sql::{Statement, TableName};
use tidewire_syntax::ast::{DatabaseMember, ItemKind, Service, Step, StepKind};
use tidewire_syntax::edit::{self, Split};
use tidewire_syntax::sort;

use super::apply::told;
use super::history::Grouping;
use super::{Applied, Document, Refusal};
use crate::layout::{free_place, store_size};
use crate::view::Rectangle;

/// Between a service and its new store.
const GAP: f32 = 40.0;

/// Tables of one store that a service writes more than any other does.
struct Claim {
    source: String,
    tables: Vec<String>,
}

impl Document {
    /// Writes a new design in which the service's tables live in a store of their own, selects it, and answers
    /// with the statements that now reach across. The design is there even though it has errors: the canvas shows
    /// it, and what ran before keeps running.
    pub(super) fn give_own_database(&mut self, service: &str) -> Result<Applied, Refusal> {
        self.known(service)?;
        let claim = self.claim(service)?;
        let target = edit::free_name(&self.analysis.parse, &format!("{service}_db"));
        let design = self.free_design_name(&format!("Own database for {service}"));
        let tables: Vec<&str> = claim.tables.iter().map(String::as_str).collect();
        let (width, height) = store_size(&target);
        let position = self.frame(service).map(|frame| {
            let beside = Rectangle {
                x: frame.x + frame.width + GAP,
                y: frame.y - 11.0,
                width: width as f32,
                height: height as f32,
            };
            free_place(&self.canvas, beside)
        });
        let split = Split {
            base: self.design(),
            design: &design,
            service,
            source: &claim.source,
            target: &target,
            tables: &tables,
            position,
        };
        let text = self.edited(edit::split_database(&self.analysis.parse, &split))?;
        let known: Vec<String> = self
            .analysis
            .views
            .iter()
            .map(|view| view.message.clone())
            .collect();
        let label = format!("give {service} its own database");
        self.change(text, Some(design.clone()), Grouping::Alone, &label)?;
        Ok(self.told_of_split(&design, service, target, &known))
    }

    fn told_of_split(
        &self,
        design: &str,
        service: &str,
        target: String,
        known: &[String],
    ) -> Applied {
        let new = self
            .analysis
            .views
            .iter()
            .filter(|view| !known.contains(&view.message));
        let findings: Vec<_> = new
            .filter(|view| view.severity == Severity::Error)
            .cloned()
            .collect();
        let across = match findings.len() {
            0 => "every statement still finds its tables".to_owned(),
            1 => "1 statement reaches across now".to_owned(),
            count => format!("{count} statements reach across now"),
        };
        Applied {
            select: vec![service.to_owned(), target],
            findings,
            ..told(format!("Wrote design '{design}': {across}"))
        }
    }

    fn free_design_name(&self, wanted: &str) -> String {
        let taken = |name: &str| {
            self.designs()
                .iter()
                .any(|design| design.eq_ignore_ascii_case(name))
        };
        let mut name = wanted.to_owned();
        let mut number = 2;
        while taken(&name) {
            name = format!("{wanted} {number}");
            number += 1;
        }
        name
    }

    /// The shared store in which the service has most tables of its own.
    fn claim(&self, service: &str) -> Result<Claim, Refusal> {
        let Some(asked) = self.service(service) else {
            return Err(Refusal::new(format!("{service} is not a service"))
                .hint("Only services own databases."));
        };
        let reached = reaches(asked);
        let shared: Vec<&String> = reached
            .iter()
            .filter(|store| {
                self.services()
                    .filter(|other| reaches(other).contains(*store))
                    .count()
                    > 1
            })
            .collect();
        if shared.is_empty() {
            return Err(match reached.first() {
                Some(store) => Refusal::new(format!("{service} shares {store} with nobody")),
                None => Refusal::new(format!("{service} reaches no database"))
                    .hint("Connect it to a store first."),
            });
        }
        let claims = shared.iter().map(|store| Claim {
            source: (*store).clone(),
            tables: self.tables_written_by(asked, store),
        });
        let best = claims.max_by_key(|claim| claim.tables.len());
        match best {
            Some(claim) if !claim.tables.is_empty() => Ok(claim),
            _ => Err(Refusal::new(format!("{service} writes no table that would be its own"))
                .hint("A table belongs to the service that writes it; one that only reads asks the owner.")),
        }
    }

    fn services(&self) -> impl Iterator<Item = &Service> {
        self.analysis
            .effective
            .blocks
            .iter()
            .filter_map(|block| match &block.item.kind {
                ItemKind::Service(service) => Some(service),
                _ => None,
            })
    }

    /// Tables of a store that the service writes at least as often, by statements, as any other service.
    fn tables_written_by(&self, asked: &Service, store: &str) -> Vec<String> {
        let tables = self.tables(store);
        let mut mine: BTreeMap<String, usize> = BTreeMap::new();
        let mut most_by_another: BTreeMap<String, usize> = BTreeMap::new();
        for service in self
            .services()
            .filter(|service| reaches(service).iter().any(|it| it == store))
        {
            let mut written: BTreeMap<String, usize> = BTreeMap::new();
            each_write(service, &mut |table| {
                let here = table
                    .database
                    .as_ref()
                    .is_none_or(|database| database.key() == store);
                if here && tables.contains(&table.table.key()) {
                    *written.entry(table.table.key()).or_insert(0) += 1;
                }
            });
            if service.name == asked.name {
                mine = written;
                continue;
            }
            for (table, count) in written {
                let most = most_by_another.entry(table).or_insert(0);
                *most = count.max(*most);
            }
        }
        mine.retain(|table, count| {
            most_by_another
                .get(table)
                .is_none_or(|most| *count >= *most)
        });
        mine.into_keys().collect()
    }

    /// Names of the tables of a store.
    fn tables(&self, store: &str) -> BTreeSet<String> {
        let mut tables = BTreeSet::new();
        for block in &self.analysis.effective.blocks {
            let ItemKind::Database(database) = &block.item.kind else {
                continue;
            };
            if database.name.key() != store {
                continue;
            }
            for member in &database.members {
                if let DatabaseMember::Statement(Statement::CreateTable(table)) = &member.kind {
                    tables.insert(table.name.table.key());
                }
            }
        }
        tables
    }
}

/// Stores that a service owns or uses, by the names they are compared by.
fn reaches(service: &Service) -> Vec<String> {
    let mut stores: Vec<String> = service
        .owns
        .iter()
        .chain(&service.uses)
        .map(|name| name.key())
        .collect();
    sort::sort(&mut stores);
    stores.dedup();
    stores
}

/// Visits the tables that a service's statements write, once for each statement.
fn each_write(service: &Service, visit: &mut dyn FnMut(&TableName)) {
    for member in &service.members {
        for body in member.kind.bodies() {
            writes(body, visit);
        }
    }
}

fn writes(steps: &[Step], visit: &mut dyn FnMut(&TableName)) {
    for step in steps {
        match &step.kind {
            StepKind::Sql { statement, .. } => match statement {
                Statement::Insert(insert) => visit(&insert.table),
                Statement::Update(update) => visit(&update.table),
                Statement::Delete(delete) => visit(&delete.table),
                _ => {}
            },
            kind => kind.parts().into_iter().for_each(|it| writes(it, visit)),
        }
    }
}
