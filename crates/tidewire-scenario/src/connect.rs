//! Which parts may be connected on the canvas, what the connection means, and why others may not.

use crate::outline::PartKind;
use crate::{NodeId, Program};

/// What drawing a line from one node to another writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// A `call` step: of a client's request, or of a service's handler.
    Call,
    /// `uses` or `owns` in the service's header.
    Database,
    /// A `publish` step.
    Publish,
    /// An `on` handler; the line may be drawn from the broker or towards it.
    Consume,
}

/// What a line between two nodes of a program means, or why there can be none.
pub fn can_connect(program: &Program, from: NodeId, to: NodeId) -> Result<Connection, String> {
    let (Some(source), Some(target)) = (
        program.nodes.get(from.index()),
        program.nodes.get(to.index()),
    ) else {
        return Err("one end of the line is not on the canvas".to_owned());
    };
    if from == to {
        return Err(format!(
            "{} needs no line to itself: its handlers share its databases already",
            source.name
        ));
    }
    connection(source.kind.into(), target.kind.into()).map_err(str::to_owned)
}

/// What a line from a part of one kind to a part of another means, or why there can be none.
pub fn connection(from: PartKind, to: PartKind) -> Result<Connection, &'static str> {
    use PartKind::{Broker, Client, Database, Relay, Service};
    match (from, to) {
        (Client | Service, Service) => Ok(Connection::Call),
        (Service, Database) => Ok(Connection::Database),
        (Service, Broker) => Ok(Connection::Publish),
        (Broker, Service) => Ok(Connection::Consume),
        (_, Client) => Err(
            "nothing calls a client: a client begins the work and waits for answers; draw the line from it",
        ),
        (Client, Database) => Err(
            "a client does not reach a database: it calls a service, which keeps the rules of its data",
        ),
        (Client, Broker) => Err(
            "a client does not publish: it calls a service, which publishes what it has decided",
        ),
        (Client, Relay) => Err("a relay takes no calls: it looks into its outbox on its own"),
        (Service, Relay) => Err(
            "a relay takes no calls: write the event into its outbox table, in the transaction it belongs to",
        ),
        (Relay, Service) => Err(
            "a relay does not call: it publishes to a topic, and the service consumes from there",
        ),
        (Relay, Database) => Err(
            "a relay reads one outbox: name its table behind 'from', as in from orders_db.outbox",
        ),
        (Relay, Broker) => {
            Err("a relay publishes to the topics that its rows name, so this line is there already")
        }
        (Relay, Relay) => {
            Err("a relay talks to brokers only; two relays have nothing to say to each other")
        }
        (Database, Database) => Err(
            "a database does not talk to another by itself: a service reads one and writes the other, \
             or an outbox relay does",
        ),
        (Database, Service) => Err(
            "a database calls nobody: draw the line from the service, which sends the statements",
        ),
        (Database, Broker) => Err(
            "a database does not publish by itself: a relay takes the rows of an outbox table to the broker",
        ),
        (Database, Relay) => {
            Err("a relay names its table itself, behind 'from', as in from orders_db.outbox")
        }
        (Broker, Database) => Err(
            "a broker does not write to a database: a service consumes the events and writes what they mean",
        ),
        (Broker, Broker) => Err(
            "a broker does not feed another: a service consumes from one and publishes to the other",
        ),
        (Broker, Relay) => Err("a relay publishes only; what consumes is a service"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PartKind::{Broker, Client, Database, Relay, Service};

    #[test]
    fn exactly_five_pairs_connect_and_every_refusal_teaches() {
        let all = [Database, Broker, Service, Relay, Client];
        let mut allowed = Vec::new();
        for from in all {
            for to in all {
                match connection(from, to) {
                    Ok(_) => allowed.push((from, to)),
                    Err(reason) => assert!(reason.len() > 40, "{from:?} to {to:?}: {reason}"),
                }
            }
        }
        assert_eq!(
            allowed,
            [
                (Broker, Service),
                (Service, Database),
                (Service, Broker),
                (Service, Service),
                (Client, Service),
            ]
        );
    }
}
