//! Layered layout of clusters: layers by depth of calls, order within a layer by barycentres (Sugiyama, Tagawa
//! and Toda, 1981), then columns. Ties go by the order of the text, so small edits move little.

use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use petgraph::{Direction, algo};

use super::cluster::{Cluster, clusters};
use super::obstacles::Box2;
use super::{Sketch, snap};
use crate::view::{NodeShape, WireStyle};
use tidewire_syntax::sort;

/// Left and top edge of a computed layout.
const ORIGIN: (i32, i32) = (40, 56);
/// Between columns; a region's margin on both sides and room for wires.
const COLUMN_GAP: i32 = 76;
/// Between clusters of a column.
const ROW_GAP: i32 = 64;
/// Between the lowest node and a broker, and between brokers.
const BROKER_GAP: i32 = 64;
/// A layer with more clusters takes several columns.
const COLUMN_CLUSTERS: usize = 4;
/// Sweeps of crossing reduction; more change nothing on diagrams of this size.
const SWEEPS: usize = 6;

/// A box for every node, whether or not the text has a place for it.
pub(super) fn layout(sketch: &Sketch) -> Vec<Box2> {
    let clusters = clusters(sketch);
    let graph = cluster_graph(sketch, &clusters);
    let mut layers = layers(&graph, &clusters);
    for sweep in 0..SWEEPS {
        reduce_crossings(&graph, &mut layers, sweep % 2 == 0);
    }
    let columns: Vec<Vec<usize>> = layers.iter().flat_map(|layer| wrap(layer)).collect();
    let mut boxes = put_columns(sketch, &clusters, &columns);
    put_brokers(sketch, &mut boxes);
    boxes
}

/// Clusters with an edge for each wire between two of them that is not an event.
fn cluster_graph(sketch: &Sketch, clusters: &[Cluster]) -> DiGraph<usize, ()> {
    let mut graph = DiGraph::new();
    let mut cluster_of = vec![None; sketch.nodes.len()];
    for (index, cluster) in clusters.iter().enumerate() {
        let node = graph.add_node(index);
        for (member, ..) in &cluster.members {
            cluster_of[*member] = Some(node);
        }
    }
    for wire in &sketch.wires {
        if let (Some(from), Some(to)) = (cluster_of[wire.from], cluster_of[wire.to])
            && from != to
            && wire.style != WireStyle::Event
        {
            graph.update_edge(from, to, ());
        }
    }
    break_cycles(graph)
}

/// Takes out the edges that point back in a walk in order of the text.
fn break_cycles(mut graph: DiGraph<usize, ()>) -> DiGraph<usize, ()> {
    while algo::is_cyclic_directed(&graph) {
        let component = algo::tarjan_scc(&graph)
            .into_iter()
            .filter(|component| component.len() > 1)
            .max_by_key(|component| component.iter().max().copied());
        let Some(component) = component else {
            break;
        };
        let back = graph
            .edge_references()
            .filter(|edge| component.contains(&edge.source()) && component.contains(&edge.target()))
            .filter(|edge| edge.source() > edge.target())
            .max_by_key(|edge| edge.source().index() - edge.target().index())
            .map(|edge| edge.id());
        match back {
            Some(edge) => graph.remove_edge(edge),
            None => break,
        };
    }
    graph
}

/// Clusters by length of the longest way that leads to them. Services that nobody calls stand beside those that
/// clients call, not among the clients.
fn layers(graph: &DiGraph<usize, ()>, clusters: &[Cluster]) -> Vec<Vec<usize>> {
    let order =
        algo::toposort(graph, None).unwrap_or_else(|_| graph.node_indices().collect::<Vec<_>>());
    let any_client = clusters.iter().any(|cluster| cluster.is_client);
    let mut depth = vec![0; clusters.len()];
    for node in order {
        let index = graph[node];
        if any_client && !clusters[index].is_client {
            depth[index] = depth[index].max(1);
        }
        for next in graph.neighbors(node) {
            depth[graph[next]] = depth[graph[next]].max(depth[index] + 1);
        }
    }
    let count = depth.iter().max().map_or(0, |deepest| deepest + 1);
    let mut layers = vec![Vec::new(); count];
    for (cluster, depth) in depth.into_iter().enumerate() {
        layers[depth].push(cluster);
    }
    layers
}

/// Sorts each layer by the mean position of its neighbours in the layer before (forward) or after it.
fn reduce_crossings(graph: &DiGraph<usize, ()>, layers: &mut [Vec<usize>], forward: bool) {
    let direction = if forward {
        Direction::Incoming
    } else {
        Direction::Outgoing
    };
    let count = layers.len();
    for step in 0..count {
        let layer = if forward { step } else { count - 1 - step };
        let mut place = vec![0; graph.node_count()];
        for ordered in layers.iter() {
            for (position, cluster) in ordered.iter().enumerate() {
                place[*cluster] = position;
            }
        }
        let centre = |cluster: usize| {
            let neighbours: Vec<usize> = graph
                .neighbors_directed(NodeIndex::new(cluster), direction)
                .map(|other| place[graph[other]])
                .collect();
            // In thousandths of a position; integers keep the order the same on every machine.
            match neighbours.len() {
                0 => place[cluster] * 1000,
                many => neighbours.iter().sum::<usize>() * 1000 / many,
            }
        };
        let mut keyed: Vec<(usize, usize)> = layers[layer]
            .iter()
            .map(|cluster| (centre(*cluster), *cluster))
            .collect();
        sort::sort_by_key(&mut keyed, |(centre, _)| *centre);
        layers[layer] = keyed.into_iter().map(|(_, cluster)| cluster).collect();
    }
}

/// A layer as columns of about equal length.
fn wrap(layer: &[usize]) -> Vec<Vec<usize>> {
    if layer.is_empty() {
        return Vec::new();
    }
    let columns = layer.len().div_ceil(COLUMN_CLUSTERS);
    let rows = layer.len().div_ceil(columns);
    layer.chunks(rows).map(<[usize]>::to_vec).collect()
}

fn put_columns(sketch: &Sketch, clusters: &[Cluster], columns: &[Vec<usize>]) -> Vec<Box2> {
    let mut boxes = vec![Box2::new(ORIGIN.0, ORIGIN.1, 0, 0); sketch.nodes.len()];
    let height = |column: &Vec<usize>| {
        let clusters_height: i32 = column.iter().map(|cluster| clusters[*cluster].height).sum();
        clusters_height + ROW_GAP * (column.len() as i32 - 1)
    };
    let tallest = columns.iter().map(height).max().unwrap_or(0);
    let mut x = ORIGIN.0;
    for column in columns {
        let width = column
            .iter()
            .map(|cluster| clusters[*cluster].width)
            .max()
            .unwrap_or(0);
        // A column with room to spare spreads over it.
        let spare = (tallest - height(column)) / (column.len() as i32 + 1);
        let mut y = ORIGIN.1 + spare;
        for cluster in column {
            let cluster = &clusters[*cluster];
            for (node, dx, dy) in &cluster.members {
                let (node_width, node_height) = sketch.size(*node);
                boxes[*node] = Box2::new(snap(x + dx), snap(y + dy), node_width, node_height);
            }
            y += cluster.height + ROW_GAP + spare;
        }
        x += width + COLUMN_GAP;
    }
    boxes
}

fn put_brokers(sketch: &Sketch, boxes: &mut [Box2]) {
    let is_broker = |index: &usize| sketch.nodes[*index].shape == NodeShape::Broker;
    let others = (0..boxes.len()).filter(|index| !is_broker(index));
    let mut y = others
        .map(|index| boxes[index].bottom() + BROKER_GAP)
        .max()
        .unwrap_or(ORIGIN.1);
    for index in (0..boxes.len()).filter(is_broker) {
        let (width, height) = sketch.size(index);
        boxes[index] = Box2::new(ORIGIN.0, snap(y), width, height);
        y += height + BROKER_GAP;
    }
}
