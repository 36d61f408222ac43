//! Merging the members of one block.

use tidewire_syntax::ast::sql::Statement;
use tidewire_syntax::ast::{
    BrokerMember, DatabaseMember, ItemKind, LessonMember, Member, Service, ServiceMember,
};
use tidewire_syntax::{Diagnostic, Name};

use crate::report::Report;

/// What a member is called when it meets others of its block.
#[derive(Clone, Debug)]
struct Key {
    family: &'static str,
    /// As written; compared without regard to case.
    name: String,
    /// Several members of one block may share the key; they replace and are replaced together.
    repeats: bool,
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.family == other.family && self.name.eq_ignore_ascii_case(&other.name)
    }
}

impl Key {
    /// Whether `without word` means it.
    fn goes_by(&self, word: &str) -> bool {
        match self.name.as_str() {
            "" => self.family == word,
            name => name.eq_ignore_ascii_case(word),
        }
    }

    fn setting(word: &'static str) -> Self {
        Self::named(word, String::new())
    }

    fn named(family: &'static str, name: String) -> Self {
        Self {
            family,
            name,
            repeats: false,
        }
    }
}

/// A member that merges by a key.
trait Keyed: Clone {
    /// Its key; `None` for `without`.
    fn key(&self) -> Option<Key>;
    /// The name that `without` takes out.
    fn without(&self) -> Option<&Name>;
    /// Whether `without name` means this member; `name` is in lower case.
    fn goes_by(&self, name: &str) -> bool;
}

impl Keyed for DatabaseMember {
    fn key(&self) -> Option<Key> {
        match self {
            Self::Isolation(_) => Some(Key::setting("isolation")),
            Self::Connections(_) => Some(Key::setting("connections")),
            Self::Latency(_) => Some(Key::setting("latency")),
            Self::Statement(Statement::CreateTable(tree)) => {
                Some(Key::named("table", tree.name.table.to_string()))
            }
            Self::Statement(Statement::CreateIndex(tree)) if tree.name.is_some() => {
                let name = tree.name.as_ref().map(ToString::to_string);
                Some(Key::named("index", name.unwrap_or_default()))
            }
            Self::Statement(Statement::Insert(tree)) => Some(Key {
                repeats: true,
                ..Key::named("seed rows of", tree.table.table.to_string())
            }),
            Self::Statement(_) => Some(Key {
                repeats: true,
                ..Key::setting("statement")
            }),
            Self::Without(_) => None,
        }
    }

    fn without(&self) -> Option<&Name> {
        match self {
            Self::Without(name) => Some(name),
            _ => None,
        }
    }

    fn goes_by(&self, name: &str) -> bool {
        self.key().is_some_and(|key| key.goes_by(name))
    }
}

impl Keyed for BrokerMember {
    fn key(&self) -> Option<Key> {
        match self {
            Self::Topic { name, .. } => Some(Key::named("topic", name.to_string())),
            Self::Queue(queue) => Some(Key::named("queue", queue.name.to_string())),
            Self::Subject(name) => Some(Key::named("subject", name.to_string())),
            Self::Latency(_) => Some(Key::setting("latency")),
            Self::Without(_) => None,
        }
    }

    fn without(&self) -> Option<&Name> {
        match self {
            Self::Without(name) => Some(name),
            _ => None,
        }
    }

    fn goes_by(&self, name: &str) -> bool {
        self.key().is_some_and(|key| key.goes_by(name))
    }
}

impl Keyed for ServiceMember {
    fn key(&self) -> Option<Key> {
        match self {
            Self::Workers(_) => Some(Key::setting("workers")),
            Self::Instances(_) => Some(Key::setting("instances")),
            Self::Timeout(_) => Some(Key::setting("timeout")),
            Self::Cache(cache) => Some(Key::named("cache", cache.name.to_string())),
            Self::Command(command) => Some(Key::named("command", command.name.to_string())),
            Self::Subscription(on) => {
                Some(Key::named("on", format!("{} from {}", on.event, on.topic)))
            }
            Self::Every(period, _) => Some(Key {
                repeats: true,
                ..Key::named("every", format!("{}us", period.micros))
            }),
            Self::Start(_) => Some(Key::setting("start")),
            Self::Saga(saga) => Some(Key::named("saga", saga.name.to_string())),
            Self::Without(_) => None,
        }
    }

    fn without(&self) -> Option<&Name> {
        match self {
            Self::Without(name) => Some(name),
            _ => None,
        }
    }

    fn goes_by(&self, name: &str) -> bool {
        match self {
            Self::Subscription(on) => on.event.key() == name,
            other => other.key().is_some_and(|key| key.goes_by(name)),
        }
    }
}

impl Keyed for LessonMember {
    fn key(&self) -> Option<Key> {
        match self {
            Self::Seed(_) => Some(Key::setting("seed")),
            Self::At(..) => Some(Key::setting("at")),
            Self::Predict(_) => Some(Key::setting("predict")),
            Self::Highlight(_) => Some(Key {
                repeats: true,
                ..Key::setting("highlight")
            }),
            Self::Explain(_) => Some(Key::setting("explain")),
            Self::Without(_) => None,
        }
    }

    fn without(&self) -> Option<&Name> {
        match self {
            Self::Without(name) => Some(name),
            _ => None,
        }
    }

    fn goes_by(&self, name: &str) -> bool {
        self.key().is_some_and(|key| key.goes_by(name))
    }
}

/// Drops repeated members of one block and reports them; also `without` where there is nothing to take out.
pub(super) fn clean(kind: &mut ItemKind, report: &mut Report) {
    match kind {
        ItemKind::Database(block) => block.members = merged(&[], &block.members, report),
        ItemKind::Broker(block) => block.members = merged(&[], &block.members, report),
        ItemKind::Service(block) => block.members = merged(&[], &block.members, report),
        ItemKind::Lesson(block) => block.members = merged(&[], &block.members, report),
        _ => {}
    }
}

/// Merges a block of a design into the common one of the same kind and name.
pub(super) fn merge(common: &mut ItemKind, design: &ItemKind, report: &mut Report) {
    match (common, design) {
        (ItemKind::Database(common), ItemKind::Database(design)) => {
            if design.kind.is_some() {
                common.kind.clone_from(&design.kind);
            }
            common.members = merged(&common.members, &design.members, report);
        }
        (ItemKind::Broker(common), ItemKind::Broker(design)) => {
            if design.kind.is_some() {
                common.kind.clone_from(&design.kind);
            }
            common.members = merged(&common.members, &design.members, report);
        }
        (ItemKind::Service(common), ItemKind::Service(design)) => {
            check_role(common, design, report);
            if !design.owns.is_empty() {
                common.owns.clone_from(&design.owns);
            }
            if !design.uses.is_empty() {
                common.uses.clone_from(&design.uses);
            }
            let mut members = design.members.clone();
            members.retain(|member| !takes_database_out(common, member));
            common.members = merged(&common.members, &members, report);
        }
        (ItemKind::Lesson(common), ItemKind::Lesson(design)) => {
            common.members = merged(&common.members, &design.members, report);
        }
        (common, design) => *common = design.clone(),
    }
}

/// A design says of a service more than the common part does, but not that it is something else.
fn check_role(common: &Service, design: &Service, report: &mut Report) {
    let (role, other) = (common.role.word(), design.role.word());
    if role != other {
        let name = &design.name;
        report.error(
            "wrong-kind",
            name.span,
            format!("{name} is written as {role} in the common part, and as {other} here"),
            format!("write {role} {name} here too"),
        );
    }
}

/// `without db;` in a service takes a database out of its header, unless a member has that name.
fn takes_database_out(service: &mut Service, member: &Member<ServiceMember>) -> bool {
    let Some(name) = member.kind.without() else {
        return false;
    };
    let key = name.key();
    if service
        .members
        .iter()
        .any(|member| member.kind.goes_by(&key))
    {
        return false;
    }
    let before = service.owns.len() + service.uses.len();
    service.owns.retain(|database| database.key() != key);
    service.uses.retain(|database| database.key() != key);
    service.owns.len() + service.uses.len() < before
}

/// The members of both: those of the design stand where the common ones of their key stood, new ones at the end.
fn merged<T: Keyed>(
    common: &[Member<T>],
    design: &[Member<T>],
    report: &mut Report,
) -> Vec<Member<T>> {
    let mut result: Vec<Member<T>> = common.to_vec();
    let mut taken: Vec<Taken> = Vec::new();
    for member in design {
        if let Some(name) = member.kind.without() {
            take_out(&mut result, name, report);
            continue;
        }
        let Some(key) = member.kind.key() else {
            continue;
        };
        let has_key = |other: &Member<T>| other.kind.key().as_ref() == Some(&key);
        let place = match taken.iter().find(|taken| taken.key == key) {
            Some(_) if !key.repeats => {
                report.push(repeated(&key, member));
                continue;
            }
            Some(taken) if taken.replaces => result.iter().rposition(has_key).map(|at| at + 1),
            Some(_) => None,
            None => {
                let place = result.iter().position(has_key);
                result.retain(|other| !has_key(other));
                taken.push(Taken {
                    key: key.clone(),
                    replaces: place.is_some(),
                });
                place
            }
        };
        result.insert(place.unwrap_or(result.len()), member.clone());
    }
    result
}

/// A key met among the members of a design.
struct Taken {
    key: Key,
    /// Its first member stands where common ones stood.
    replaces: bool,
}

fn take_out<T: Keyed>(members: &mut Vec<Member<T>>, name: &Name, report: &mut Report) {
    let key = name.key();
    let before = members.len();
    members.retain(|member| !member.kind.goes_by(&key));
    if members.len() == before {
        let known: Vec<String> = members
            .iter()
            .filter_map(|member| member.kind.key())
            .map(|key| {
                if key.name.is_empty() {
                    key.family.to_owned()
                } else {
                    key.name
                }
            })
            .collect();
        report.unknown(
            "member of this block",
            name,
            known.iter().map(String::as_str),
        );
    }
}

fn repeated<T>(key: &Key, member: &Member<T>) -> Diagnostic {
    let what = match key.name.as_str() {
        "" => key.family.to_owned(),
        name => format!("{} {name}", key.family),
    };
    Diagnostic::error(
        "duplicate-name",
        member.span,
        format!("{what} is written twice in this block"),
    )
    .hint("keep one of them")
}
