//! What a drawing says about a node: whose it is and what stands beside it. Only sentences are made here.

use tidewire_session::view::{Canvas, CanvasNode, NodeShape, WireStyle};

use crate::format::counted;

/// A node among its neighbours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts<'a> {
    canvas: &'a Canvas,
    index: u32,
    /// The node itself.
    pub(super) node: &'a CanvasNode,
}

impl<'a> Facts<'a> {
    /// The facts about a node; `None` when the drawing has no such node.
    pub(super) fn of(canvas: &'a Canvas, index: u32) -> Option<Self> {
        let node = canvas.nodes.get(index as usize)?;
        Some(Self {
            canvas,
            index,
            node,
        })
    }

    /// `relational, private to inventory`
    pub(super) fn introduction(&self) -> String {
        match self.node.shape {
            NodeShape::Client => format!("client, {}", self.node.caption),
            NodeShape::Broker => format!(
                "{}, {}",
                self.node.caption,
                counted(self.node.topics.len(), "topic")
            ),
            NodeShape::Relay => "relay: passes an outbox on".to_owned(),
            NodeShape::Service => format!("service, {}", self.stores_in_words()),
            NodeShape::Store => format!("{}, {}", kind_in_words(self.node), self.users_in_words()),
        }
    }

    fn users_in_words(&self) -> String {
        match (self.owner(), self.services().len()) {
            (Some(owner), _) => format!("private to {}", owner.name),
            (None, 0) => "used by no service".to_owned(),
            (None, 1) => "used by 1 service".to_owned(),
            (None, count) => format!("shared by {count} services"),
        }
    }

    fn stores_in_words(&self) -> String {
        let stores = self.stores();
        let Some(first) = stores.first() else {
            return "keeps nothing".to_owned();
        };
        let verb = match self.is_owned(first) {
            true => "owns",
            false if self.shares_a_store() => "shares",
            false => "uses",
        };
        match stores.len() {
            1 => format!("{verb} {}", first.name),
            more => format!("{verb} {} and {}", first.name, counted(more - 1, "other")),
        }
    }

    /// The service that owns this store alone.
    pub(super) fn owner(&self) -> Option<&'a CanvasNode> {
        self.canvas.nodes.get(self.node.owner? as usize)
    }

    /// Services that use this store, in order of the text.
    pub(super) fn services(&self) -> Vec<&'a CanvasNode> {
        self.users_of(self.index)
    }

    /// Stores that this service or relay uses, in order of the text.
    pub(super) fn stores(&self) -> Vec<&'a CanvasNode> {
        let nodes = self.canvas.nodes.iter().enumerate();
        let used = nodes.filter(|(store, node)| {
            node.shape == NodeShape::Store
                && (self.is_owned(node) || self.uses(self.index, *store as u32))
        });
        used.map(|(_, node)| node).collect()
    }

    /// Whether this is a service whose tables stand beside those of another service.
    pub(super) fn shares_a_store(&self) -> bool {
        let stores = self.canvas.nodes.iter().enumerate();
        let shared = |(store, node): (usize, &CanvasNode)| {
            let store = store as u32;
            node.shape == NodeShape::Store
                && self.uses(self.index, store)
                && self.users_of(store).len() > 1
        };
        self.node.shape == NodeShape::Service && stores.into_iter().any(shared)
    }

    fn is_owned(&self, store: &CanvasNode) -> bool {
        store.owner == Some(self.index)
    }

    fn uses(&self, service: u32, store: u32) -> bool {
        let mut wires = self.canvas.wires.iter();
        wires.any(|wire| wire.kind == WireStyle::Call && (wire.from, wire.to) == (service, store))
    }

    fn users_of(&self, store: u32) -> Vec<&'a CanvasNode> {
        let nodes = self.canvas.nodes.iter().enumerate();
        let users = nodes.filter(|(service, node)| {
            node.shape == NodeShape::Service && self.uses(*service as u32, store)
        });
        users.map(|(_, node)| node).collect()
    }
}

/// Relational is PostgreSQL's behaviour, and the page says so.
fn kind_in_words(store: &CanvasNode) -> &str {
    store.caption.split(',').next().unwrap_or("store")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tidewire_session::view::{CanvasWire, Glyph, Rectangle};

    use super::*;

    fn node(name: &str, shape: NodeShape, caption: &str, owner: Option<u32>) -> CanvasNode {
        CanvasNode {
            name: Arc::from(name),
            shape,
            glyph: Glyph::None,
            caption: caption.to_owned(),
            frame: Rectangle::default(),
            topics: Vec::new(),
            contents: Vec::new(),
            owner,
            problems: 0,
        }
    }

    fn canvas() -> Canvas {
        let wire = |from, to| CanvasWire {
            from,
            to,
            kind: WireStyle::Call,
            points: Vec::new(),
        };
        Canvas {
            nodes: vec![
                node("orders", NodeShape::Service, "", None),
                node("billing", NodeShape::Service, "", None),
                node("shop_db", NodeShape::Store, "relational", None),
                node("stock", NodeShape::Service, "", None),
                node("stock_db", NodeShape::Store, "relational", Some(3)),
                node("shoppers", NodeShape::Client, "6 users", None),
            ],
            wires: vec![wire(0, 2), wire(1, 2), wire(3, 4), wire(0, 1)],
            ..Canvas::default()
        }
    }

    #[test]
    fn a_node_is_introduced_with_its_neighbours() {
        let canvas = canvas();
        let said: Vec<String> = (0..canvas.nodes.len() as u32)
            .filter_map(|index| Some(Facts::of(&canvas, index)?.introduction()))
            .collect();
        assert_eq!(
            said,
            [
                "service, shares shop_db",
                "service, shares shop_db",
                "relational, shared by 2 services",
                "service, owns stock_db",
                "relational, private to stock",
                "client, 6 users",
            ]
        );
    }

    #[test]
    fn only_a_service_beside_others_shares_a_store() {
        let canvas = canvas();
        let sharing = |index| Facts::of(&canvas, index).is_some_and(|facts| facts.shares_a_store());
        let indices: Vec<u32> = (0..9).filter(|index| sharing(*index)).collect();
        assert_eq!(indices, [0, 1]);
    }
}
