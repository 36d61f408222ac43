//! What goes wrong, and where. A target that could never be struck is refused, with what one would write instead.

use tidewire_syntax::{Name, Span, ast};

use super::super::{Builder, quantities};
use super::Copies;
use crate::{EventId, FaultKind, NodeId, NodeKind, Place};

impl Builder<'_> {
    pub(super) fn fault_kind(
        &mut self,
        copies: &mut Copies,
        kind: &ast::FaultKind,
    ) -> Option<FaultKind> {
        Some(match kind {
            ast::FaultKind::Crash(address) => FaultKind::Crash(self.place(address, "crash")?),
            ast::FaultKind::Restart(address) => FaultKind::Restart(self.place(address, "restart")?),
            ast::FaultKind::Pause(address) => FaultKind::Pause(self.place(address, "pause")?),
            ast::FaultKind::Partition { way, both_ways } => {
                let (from, to) = self.way(way, "parting them")?;
                FaultKind::Partition {
                    from,
                    to,
                    both_ways: *both_ways,
                }
            }
            ast::FaultKind::Migrate(name, statements) => {
                let database = self.database(name)?;
                if !self.damaged.contains(&database) {
                    self.try_migration(copies, database, statements, name.span);
                }
                FaultKind::Migrate(database, statements.clone())
            }
            ast::FaultKind::Slow(name, by) => {
                let from = self.node(name)?;
                self.refuse_client(from, name, "slow down")?;
                let by_us = quantities::period(&mut self.report, "a delay", *by);
                FaultKind::Slow {
                    from,
                    to: None,
                    by_us,
                }
            }
            ast::FaultKind::SlowWay(way, by) => {
                let (from, to) = self.way(way, "slowing it down")?;
                let by_us = quantities::period(&mut self.report, "a delay", *by);
                FaultKind::Slow {
                    from,
                    to: Some(to),
                    by_us,
                }
            }
            ast::FaultKind::Drop(way, event) => {
                let (from, to) = self.way(way, "losing its messages")?;
                let event = self.event_on(event.as_ref(), Some((from, to)))?;
                FaultKind::Drop { from, to, event }
            }
            ast::FaultKind::Duplicate(way, event) => {
                self.duplicate(way.as_ref(), event.as_ref())?
            }
            ast::FaultKind::LoseReply { service, command } => self.lost_reply(service, command)?,
            ast::FaultKind::FillDisk(name) => FaultKind::FillDisk(self.database(name)?),
            ast::FaultKind::Skew { node, by, behind } => self.skew(node, *by, *behind)?,
        })
    }

    /// A node that can fail, or one of its instances.
    fn place(&mut self, address: &ast::Address, fault: &str) -> Option<Place> {
        let node = self.node(&address.node)?;
        self.refuse_client(node, &address.node, fault)?;
        let Some((number, span)) = address.instance else {
            return Some(Place {
                node,
                instance: None,
            });
        };
        let instances = match self.program.nodes[node.index()].kind {
            NodeKind::Service(id) | NodeKind::Relay(id) => {
                self.program.services[id.index()].instances.max(1)
            }
            _ => 1,
        };
        if number == 0 || number > instances {
            self.report.error(
                "limit",
                span,
                format!("{} has no instance {number}", address.node),
                match instances {
                    1 => "it is a single process: leave out the number".to_owned(),
                    instances => format!("instances are counted from #1 to #{instances}"),
                },
            );
            return None;
        }
        // The only instance is the whole node.
        let instance = (instances > 1).then_some(number - 1);
        Some(Place { node, instance })
    }

    /// Clients are the workload, which is the same in every design: they stay.
    fn refuse_client(&mut self, node: NodeId, name: &Name, fault: &str) -> Option<()> {
        if let NodeKind::Client(_) = self.program.nodes[node.index()].kind {
            self.report.error(
                "wrong-kind",
                name.span,
                format!("{name} is a client, and a client does not {fault}"),
                "name a service, relay, database or broker: clients are the workload that designs are compared on",
            );
            return None;
        }
        Some(())
    }

    /// Two nodes, with a warning when they never talk.
    fn way(&mut self, way: &ast::Way, doing: &str) -> Option<(NodeId, NodeId)> {
        let (from, to) = (self.node(&way.from), self.node(&way.to));
        let (from, to) = (from?, to?);
        let place = way.from.span.to(way.to.span);
        if from == to {
            self.report.error(
                "wrong-kind",
                place,
                format!("{} is not parted from itself", way.from),
                "name two nodes",
            );
            return None;
        }
        let talk =
            self.program.wires.iter().any(|wire| {
                (wire.from, wire.to) == (from, to) || (wire.to, wire.from) == (from, to)
            });
        if !talk {
            self.report.warning(
                "idle-fault",
                place,
                format!(
                    "{} and {} never talk, so {doing} changes nothing",
                    way.from, way.to
                ),
                "name two nodes with a line between them",
            );
        }
        Some((from, to))
    }

    /// The event that a fault is about, if it names one: `Some(None)` when it names none.
    fn event_on(
        &mut self,
        event: Option<&Name>,
        way: Option<(NodeId, NodeId)>,
    ) -> Option<Option<EventId>> {
        let Some(name) = event else {
            return Some(None);
        };
        let event = self.event(name)?;
        let broker = |node: NodeId| {
            let kind = self.program.nodes[node.index()].kind;
            matches!(kind, NodeKind::Broker(_))
        };
        if let Some((from, to)) = way
            && !broker(from)
            && !broker(to)
        {
            self.report.error(
                "wrong-kind",
                name.span,
                "events travel to brokers and from them, and neither end of this way is one",
                "name the broker, or leave out the event",
            );
            return None;
        }
        Some(Some(event))
    }

    /// What a sender repeats: calls and publications. Connections to stores and brokers' deliveries number what they
    /// carry.
    fn duplicate(&mut self, way: Option<&ast::Way>, event: Option<&Name>) -> Option<FaultKind> {
        let ends = match way {
            Some(way) => Some(self.way(way, "repeating its messages")?),
            None => None,
        };
        let event = self.event_on(event, ends)?;
        if let (Some(way), Some((from, to))) = (way, ends) {
            let kind = |node: NodeId| self.program.nodes[node.index()].kind;
            let place = way.from.span.to(way.to.span);
            let reason = match (kind(from), kind(to)) {
                (_, NodeKind::Database(_)) | (NodeKind::Database(_), _) => {
                    "a connection to a store carries each statement once"
                }
                (NodeKind::Broker(_), _) => "a broker numbers what it delivers to a consumer",
                _ => return Some(FaultKind::Duplicate { way: ends, event }),
            };
            self.refuse_duplicate(place, reason);
            return None;
        }
        Some(FaultKind::Duplicate { way: ends, event })
    }

    fn refuse_duplicate(&mut self, place: Span, reason: &str) {
        self.report.error(
            "wrong-kind",
            place,
            format!("{reason}, so nothing arrives twice on this way"),
            "duplicate what a service calls or publishes: name the event, or the way from its sender",
        );
    }

    fn lost_reply(&mut self, service: &Name, command: &Name) -> Option<FaultKind> {
        let (id, handler) = self.command_named(service, command)?;
        let node = self.program.services[id.index()].node;
        Some(FaultKind::LoseReply { node, handler })
    }

    fn skew(&mut self, name: &Name, by: ast::Duration, behind: bool) -> Option<FaultKind> {
        let node = self.node(name)?;
        self.refuse_client(node, name, "have a clock of its own")?;
        if let NodeKind::Broker(_) = self.program.nodes[node.index()].kind {
            self.report.error(
                "wrong-kind",
                name.span,
                format!("{name} is a broker, and nothing here depends on a broker's clock"),
                "name a service, whose :now it is, or a database, whose now() it is",
            );
            return None;
        }
        let by_us = quantities::period(&mut self.report, "a skew", by).cast_signed();
        Some(FaultKind::Skew {
            node,
            by_us: if behind { -by_us } else { by_us },
        })
    }
}
