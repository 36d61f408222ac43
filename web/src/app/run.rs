//! Starting runs and hearing from them; tables at the playhead.

use gloo_timers::callback::Timeout;
use tidewire_session::protocol::{FromRun, ReadAs, ToRun};
use tidewire_session::recording::Recording;
use tidewire_session::store_view::StoreView;
use tidewire_session::view::NodeShape;

use super::{Anomalies, App, Msg, Tables};
use crate::link::RunEvent;
use crate::panels::inspector::StoreContent;
use crate::shared::{Shared, Tape};

/// So much of the run is seen before the first event.
const LEAD_US: u64 = 500;
/// Tables are read again at most this often while playing.
const INSPECT_EVERY_MS: u32 = 60;

impl App {
    /// Runs the newest valid text from the beginning; the playhead stays where it is when it can.
    pub(super) fn start_run(&mut self) {
        let runnable = self.document.borrow().runnable().cloned();
        let Some(runnable) = runnable else {
            return;
        };
        let again = self.running.is_some();
        self.running = Some((runnable.revision, self.seed));
        self.tape = Tape::new(Recording::new(runnable.legend.clone()));
        self.finished = false;
        self.outcome = None;
        self.metrics = None;
        self.told_violations = 0;
        self.last_records = 0;
        self.tables = Shared::default();
        self.anomalies = Anomalies::Unknown;
        self.drop_trace();
        self.transport.seek(0);
        if again && !self.transport.reduced_motion {
            self.transport.playing = true;
        }
        self.generation = self
            .link
            .start(&runnable.text, runnable.design.as_deref(), self.seed);
        self.refresh_frame();
    }

    pub(super) fn heard(&mut self, event: RunEvent) {
        match event {
            RunEvent::Said(message, bytes) => self.said(*message, &bytes),
            RunEvent::Restarted(reason) => {
                let legend = self.tape.read(|recording| recording.legend().clone());
                self.tape = Tape::new(Recording::new(legend));
                self.finished = false;
                self.problem(format!("{reason}. It was started again."));
            }
            RunEvent::GaveUp(reason) => {
                self.finished = true;
                self.problem(format!(
                    "{reason} twice, so it is not started again. Change the scenario or reload."
                ));
            }
        }
    }

    /// Nobody waits for the first event: playback begins shortly before it.
    fn begin_at_first_event(&mut self) {
        let first = self.tape.read(|recording| recording.idle_until(0));
        if let Some(first) = first.filter(|_| self.transport.playing && self.transport.at_us == 0) {
            self.transport.seek(first.saturating_sub(LEAD_US));
        }
    }

    fn said(&mut self, message: FromRun, bytes: &[u8]) {
        // It may have waited while another run was started.
        if message.generation().is_some_and(|it| it != self.generation) {
            return;
        }
        match message {
            FromRun::Chunk {
                strings,
                reached_us,
                ..
            } => {
                let pushed = self
                    .tape
                    .write(|recording| recording.push(strings, bytes, reached_us));
                if let Err(error) = pushed {
                    self.problem(error.to_string());
                }
                self.begin_at_first_event();
                self.refresh_frame();
                self.arrive();
            }
            FromRun::Finished { outcome, .. } => {
                self.finished = true;
                self.metrics = Some(Shared::new((*outcome.metrics).clone()));
                self.outcome = Some(outcome);
                self.refresh_frame();
                self.inspect();
                self.arrive();
                if !std::mem::replace(&mut self.fetched_all, true) {
                    self.texts.fetch_all();
                }
            }
            FromRun::Tables { ticket, store, .. } => self.got_tables(ticket, store),
            FromRun::Anomalies { report, .. } => {
                self.anomalies = Anomalies::Found(Shared::new(report));
            }
            FromRun::Failed { message, .. } => {
                self.finished = true;
                self.problem(message);
            }
            FromRun::Refused { .. } | FromRun::Started { .. } | FromRun::Alive(_) => {}
        }
    }

    /// The store whose tables are shown: the selected one, or the one that the selected service owns or uses.
    pub(super) fn shown_store(&self) -> Option<u32> {
        let name = self.selected.first()?;
        let index = self.drawing.index_of(name)?;
        if self.drawing.nodes[index].shape == NodeShape::Store {
            return Some(index as u32);
        }
        let owned = self
            .drawing
            .nodes
            .iter()
            .position(|node| node.owner == Some(index as u32));
        let used = || {
            self.drawing.wires.iter().find_map(|wire| {
                let to = self.drawing.nodes.get(wire.to as usize)?;
                (wire.from == index as u32 && to.shape == NodeShape::Store)
                    .then_some(wire.to as usize)
            })
        };
        owned.or_else(used).map(|store| store as u32)
    }

    /// Index of a store among the program's databases.
    fn database_of(&self, node: u32) -> Option<u32> {
        let before = self.drawing.nodes.get(..node as usize)?;
        Some(
            before
                .iter()
                .filter(|node| node.shape == NodeShape::Store)
                .count() as u32,
        )
    }

    /// Transactions that are open at a store at the playhead.
    pub(super) fn open_transactions(&self, store: u32) -> Vec<u32> {
        let at_us = self.frame.at_us;
        self.tape
            .read(|recording| recording.open_transactions(store, at_us))
    }

    /// Reads the tables soon, unless that is already under way.
    pub(super) fn inspect(&mut self) {
        if self.inspecting.is_some() || !self.shows_data() {
            return;
        }
        let dispatch = self.dispatch.clone();
        self.inspecting = Some(Timeout::new(INSPECT_EVERY_MS, move || {
            dispatch.emit(Msg::Inspect)
        }));
    }

    fn shows_data(&self) -> bool {
        self.inspector == super::tabs::InspectorTab::Data && self.shown_store().is_some()
    }

    pub(super) fn inspect_now(&mut self) {
        self.inspecting = None;
        let Some(node) = self.shown_store().filter(|_| self.shows_data()) else {
            return;
        };
        let Some(database) = self.database_of(node) else {
            return;
        };
        // A transaction that is over sees nothing of its own any more.
        if let ReadAs::Transaction(number) = self.read_as
            && !self.open_transactions(node).contains(&number)
        {
            self.read_as = ReadAs::Committed;
        }
        self.ask_for_anomalies();
        let event = self.frame.event;
        let asked = Some((node, event, self.generation));
        if self.tables.asked == asked {
            return;
        }
        let mut tables = (*self.tables).clone();
        tables.ticket = tables.ticket.wrapping_add(1);
        tables.asked = asked;
        tables.content = tables.content.filter(|(of, _)| *of == node);
        self.link.ask(&ToRun::Inspect {
            generation: self.generation,
            ticket: tables.ticket,
            database,
            event,
            read: self.read_as,
        });
        self.tables = Shared::new(tables);
    }

    /// Once for each run, when it is over and somebody looks.
    fn ask_for_anomalies(&mut self) {
        if self.finished && self.outcome.is_some() && self.anomalies == Anomalies::Unknown {
            self.anomalies = Anomalies::Asked;
            self.link.ask(&ToRun::Anomalies {
                generation: self.generation,
                ticket: 0,
                event: None,
            });
        }
    }

    fn got_tables(&mut self, ticket: u32, store: StoreView) {
        if ticket != self.tables.ticket {
            return;
        }
        let before = self.tables.content.as_ref().map(|(_, content)| &**content);
        let content = Shared::new(StoreContent::after(before, store));
        self.tables = Shared::new(Tables {
            asked: self.tables.asked,
            ticket,
            content: self.tables.asked.map(|(node, ..)| (node, content)),
        });
    }

    pub(super) fn set_read_as(&mut self, read_as: ReadAs) {
        self.read_as = read_as;
        let mut tables = (*self.tables).clone();
        tables.asked = None;
        self.tables = Shared::new(tables);
        self.inspect();
    }
}
