//! The state of a run: a plain value that is cheap to fork. What changes it is in the other modules.

use std::collections::VecDeque;
use std::sync::Arc;

use smallvec::SmallVec;
use tidewire_scenario::{DatabaseId, FaultId, InvariantId, NodeId, NodeKind, ServiceId, TopicId};
use tidewire_store::{ConnectionId, Plan, Row, SqlError, Store, TransactionId};

use crate::action::Pending;
use crate::cache::Cache;
use crate::client::ClientState;
use crate::draw::{Draws, Purpose};
use crate::fingerprint::Fingerprint;
use crate::flight::Flight;
use crate::invariant::InvariantStatus;
use crate::message::{Message, Record, Records};
use crate::observation::Verdict;
use crate::outbox::Authors;
use crate::queue::Queue;
use crate::schedule::{Schedule, Ticket};
use crate::setup::Setup;
use crate::slab::Slab;
use crate::work::{Link, Sql, Work, WorkRef};

/// Everything that may still matter to a run.
#[derive(Clone, Debug)]
pub struct State {
    pub(crate) now_us: u64,
    /// Accepted actions so far.
    pub(crate) events: u32,
    /// Observations so far, whether anybody kept them or not.
    pub(crate) observations: u32,
    pub(crate) deliveries: u32,
    pub(crate) works_started: u32,
    pub(crate) schedule: Schedule,
    pub(crate) works: Slab<Work>,
    pub(crate) messages: Slab<Message>,
    /// Per node: how many faults keep it down.
    pub(crate) down: Vec<u32>,
    /// Faults that make somebody stand still.
    pub(crate) pauses: SmallVec<[FaultId; 2]>,
    /// Faults that change messages as they are sent, in order of the text.
    pub(crate) strikes: SmallVec<[FaultId; 2]>,
    /// Clocks that are off, each by so many microseconds.
    pub(crate) skews: SmallVec<[(NodeId, i64); 2]>,
    /// Ways that are closed; one may be closed several times.
    pub(crate) closed: SmallVec<[(NodeId, NodeId); 4]>,
    pub(crate) instances: Vec<Instance>,
    pub(crate) pools: Vec<Pool>,
    pub(crate) databases: Vec<DatabaseState>,
    pub(crate) partitions: Vec<Records>,
    /// Per topic: the partition whose turn it is for records without a key.
    pub(crate) turns: Vec<u32>,
    /// Per topic: what stands in it, if it is a queue.
    pub(crate) queues: Vec<Queue>,
    pub(crate) cursors: Vec<Cursor>,
    pub(crate) clients: Vec<ClientState>,
    pub(crate) periodics: Vec<Periodic>,
    pub(crate) faults: Vec<FaultState>,
    /// Per event type: how many were appended.
    pub(crate) appended: Vec<u32>,
    pub(crate) invariants: Vec<InvariantStatus>,
    /// Whose rows wait in outboxes; for the trace only.
    pub(crate) authors: Authors,
    /// Grows with everything that lasts: commits that changed rows, appends, committed offsets.
    pub(crate) effects: u64,
    pub(crate) phase: Phase,
    pub(crate) fingerprint: Option<Box<Fingerprint>>,
    /// Stores record what statements read and wrote; no part of the hash.
    pub(crate) recording: bool,
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Requests or timed faults are still to come.
    Working,
    /// Everything was healed; it must be quiet before this time.
    Draining { until_us: u64 },
    /// It is over.
    Ended(Verdict),
}

/// A process of a service.
#[derive(Clone, Debug, Default)]
pub(crate) struct Instance {
    pub(crate) running: u32,
    /// Slots of works that wait for a worker.
    pub(crate) queue: VecDeque<u32>,
    /// How many faults keep this instance down, those of the whole node apart.
    pub(crate) down: u32,
    /// As far as they were used.
    pub(crate) caches: Vec<Cache>,
    /// Blocks of `single flight` that run.
    pub(crate) flights: Vec<Flight>,
}

/// Connections that an instance keeps to a store.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pool {
    pub(crate) idle: Vec<Link>,
    pub(crate) lent: u32,
    pub(crate) waiting: VecDeque<WorkRef>,
}

/// A store as the engine sees it.
#[derive(Clone, Debug)]
pub(crate) struct DatabaseState {
    pub(crate) store: Store,
    /// How many faults keep its disk full.
    pub(crate) full: u32,
    /// Counts crashes; older connections are gone.
    pub(crate) epoch: u32,
    /// Open connections in order of their ids.
    pub(crate) sessions: Vec<(ConnectionId, Session)>,
    /// Statements that wait for locks.
    pub(crate) blocked: u32,
    pub(crate) unblock: Option<Ticket>,
    /// The last observation that released locks.
    pub(crate) released_by: Option<u32>,
    /// Per statement of the program: the plan made after a migration. Empty before the first.
    pub(crate) replanned: Arc<Vec<Option<Replanned>>>,
}

/// What planning again gave.
#[derive(Clone, Debug)]
pub(crate) struct Replanned {
    pub(crate) version: u32,
    pub(crate) plan: Result<Arc<Plan>, SqlError>,
}

impl DatabaseState {
    /// The open connection of this id.
    pub(crate) fn session(&self, connection: ConnectionId) -> Option<&Session> {
        let index = self
            .sessions
            .binary_search_by_key(&connection, |(id, _)| *id);
        index.ok().map(|index| &self.sessions[index].1)
    }

    /// The same, to change.
    pub(crate) fn session_mut(&mut self, connection: ConnectionId) -> Option<&mut Session> {
        let index = self
            .sessions
            .binary_search_by_key(&connection, |(id, _)| *id);
        index.ok().map(|index| &mut self.sessions[index].1)
    }
}

/// A connection as its store sees it.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) pool: u32,
    /// The transaction that the engine last saw here.
    pub(crate) transaction: Option<TransactionId>,
    /// The statement that runs or ran last.
    pub(crate) last: Running,
    /// It waits for locks.
    pub(crate) blocked: bool,
    /// What ends the wait.
    pub(crate) timers: WaitTimers,
}

/// What ends a wait by itself, or looks at it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WaitTimers {
    pub(crate) deadlock: Option<Ticket>,
    pub(crate) lock: Option<Ticket>,
    pub(crate) statement: Option<Ticket>,
}

/// The statement of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Running {
    pub(crate) sender: WorkRef,
    pub(crate) sql: Sql,
    pub(crate) identity: u64,
    pub(crate) effect: u32,
    pub(crate) request: Option<crate::RequestKey>,
}

/// A partition as one consumer group sees it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cursor {
    /// At the broker, durable: the next to read after a restart.
    pub(crate) committed: u32,
    /// At the broker: the end of what was ever sent.
    pub(crate) sent: u32,
    /// Membership of the group; whatever belongs to an older one is ignored.
    pub(crate) epoch: u32,
    /// At the broker: the consumer waits for the record at this offset.
    pub(crate) fetch: Option<u32>,
    /// At the consumer: the next to ask for.
    pub(crate) position: u32,
    /// At the consumer: sent to be committed, but not confirmed.
    pub(crate) unconfirmed: Option<u32>,
    /// At the consumer: the last of those goes to the dead letters.
    pub(crate) dead: bool,
    /// At the consumer: the record in work, and how often it was tried.
    pub(crate) processing: Option<(u32, u32)>,
    /// At the consumer: when it tries that record again.
    pub(crate) retry: Option<Ticket>,
}

/// A periodic handler on one instance.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Periodic {
    pub(crate) ticks: u32,
    /// The run's effects when its last whole period began and ended without any.
    pub(crate) idle_at: Option<u64>,
    /// Its next tick.
    pub(crate) due: Option<Ticket>,
}

/// How far a fault has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FaultState {
    /// It is in the schedule or has begun.
    pub(crate) triggered: bool,
    /// Not begun, but certain to: the workload is not done before.
    pub(crate) expected: bool,
    /// It lasts.
    pub(crate) active: bool,
    /// With a probability: the messages that it struck by lineage, and how often. One that is sent again is drawn anew.
    pub(crate) struck: Vec<(u64, u32)>,
    pub(crate) end: Option<Ticket>,
}

impl State {
    /// The state at time 0: seed rows, empty logs, the first requests and timed faults in the schedule.
    pub fn initial(setup: &Setup) -> Self {
        let program = &setup.program;
        let mut state = State {
            now_us: 0,
            events: 0,
            observations: 0,
            deliveries: 0,
            works_started: 0,
            schedule: Schedule::default(),
            works: Slab::default(),
            messages: Slab::default(),
            down: vec![0; program.nodes.len()],
            pauses: SmallVec::new(),
            strikes: SmallVec::new(),
            skews: SmallVec::new(),
            closed: SmallVec::new(),
            instances: vec![Instance::default(); setup.instances.len()],
            pools: vec![Pool::default(); setup.pools.len()],
            databases: program.databases.iter().map(open).collect(),
            partitions: vec![Records::new_sync(); setup.partitions.len()],
            turns: vec![0; program.topics.len()],
            queues: vec![Queue::default(); program.topics.len()],
            cursors: vec![Cursor::subscribed(); setup.cursors.len()],
            clients: vec![ClientState::default(); program.clients.len()],
            periodics: vec![Periodic::default(); setup.periodics.len()],
            faults: vec![FaultState::default(); program.faults.len()],
            appended: vec![0; program.events.len()],
            invariants: vec![InvariantStatus::default(); program.invariants.len()],
            authors: Authors::new_sync(),
            effects: 0,
            phase: Phase::Working,
            fingerprint: None,
            recording: false,
        };
        state.schedule_clients(setup);
        state.schedule_faults(setup);
        for periodic in 0..setup.periodics.len() as u32 {
            let first = state.first_period(setup, periodic);
            let ticket = state.schedule.add(first, Pending::Tick(periodic));
            state.periodics[periodic as usize].due = Some(ticket);
        }
        state
    }

    /// A periodic handler begins somewhere inside its first period, so that they do not march in step; one that
    /// a beginning starts, at once.
    pub(crate) fn first_period(&self, setup: &Setup, periodic: u32) -> u64 {
        let spec = setup.periodics[periodic as usize];
        let Some(period_us) = spec.period_us else {
            return 0;
        };
        let key = setup.handler_keys[spec.handler.index()];
        let ticks = self.periodics[periodic as usize].ticks;
        let ordinal = (u64::from(ticks) << 16) | u64::from(spec.instance);
        Draws::new(key, Purpose::Phase, ordinal).between(1, period_us)
    }

    /// Virtual time in microseconds.
    pub fn now_us(&self) -> u64 {
        self.now_us
    }

    /// Accepted actions so far.
    pub fn events(&self) -> u32 {
        self.events
    }

    /// Observations so far: the length of a trace that was kept from the beginning.
    pub fn observations(&self) -> u32 {
        self.observations
    }

    /// A store as it is now.
    pub fn store(&self, database: DatabaseId) -> &Store {
        &self.databases[database.index()].store
    }

    /// Whether a node runs.
    pub fn is_up(&self, node: NodeId) -> bool {
        self.down[node.index()] == 0
    }

    /// Whether an instance of a service runs.
    pub fn instance_is_up(&self, setup: &Setup, service: ServiceId, instance: u32) -> bool {
        let node = setup.program.services[service.index()].node;
        let index = setup.instance(service, instance) as usize;
        self.is_up(node) && self.instances.get(index).is_some_and(|it| it.down == 0)
    }

    /// What a node's clock shows: virtual time, unless the clock is off. It shows no time before 0.
    pub(crate) fn local_us(&self, node: NodeId) -> u64 {
        let skews = self.skews.iter().filter(|(other, _)| *other == node);
        skews.fold(self.now_us, |now_us, (_, by_us)| {
            now_us.saturating_add_signed(*by_us)
        })
    }

    /// Whether messages from one node to another are lost.
    pub fn is_closed(&self, from: NodeId, to: NodeId) -> bool {
        self.closed.contains(&(from, to))
    }

    /// Works that run and works that wait for a worker, over all instances of a node.
    pub fn load(&self, setup: &Setup, node: NodeId) -> (u32, u32) {
        let Some(service) = setup.service_at(node) else {
            return (0, 0);
        };
        let of_service = setup.instances.iter().zip(&self.instances);
        of_service.filter(|((owner, _), _)| *owner == service).fold(
            (0, 0),
            |(running, waiting), (_, instance)| {
                (
                    running + instance.running,
                    waiting + instance.queue.len() as u32,
                )
            },
        )
    }

    /// What a cache of an instance would find now: keys and values, the least recently used first.
    pub fn cached(
        &self,
        setup: &Setup,
        service: ServiceId,
        instance: u32,
        cache: u32,
    ) -> impl Iterator<Item = (&Arc<str>, &Row)> {
        let instance = &self.instances[setup.instance(service, instance) as usize];
        let cache = instance.caches.get(cache as usize);
        cache.into_iter().flat_map(|cache| cache.fresh(self.now_us))
    }

    /// The records of a partition, oldest first.
    pub fn records(
        &self,
        setup: &Setup,
        topic: TopicId,
        partition: u32,
    ) -> impl Iterator<Item = &Record> {
        let index = setup.partition(topic, partition) as usize;
        let records = self.partitions.get(index);
        records
            .into_iter()
            .flat_map(|all| all.iter().map(|record| &**record))
    }

    /// The next offset that a group will read after a restart, and the next it will ask for now.
    pub fn offsets(&self, setup: &Setup, topic: TopicId, partition: u32, group: u32) -> (u32, u32) {
        let index = setup.cursor(topic, partition, group) as usize;
        self.cursors
            .get(index)
            .map_or((0, 0), |cursor| (cursor.committed, cursor.position))
    }

    /// What an invariant says now.
    pub fn invariant(&self, invariant: InvariantId) -> crate::InvariantState {
        self.invariants[invariant.index()].state
    }

    /// Open transactions at a store, in order of their connections.
    pub fn open_transactions(
        &self,
        setup: &Setup,
        database: DatabaseId,
    ) -> impl Iterator<Item = OpenTransaction> {
        let state = &self.databases[database.index()];
        state.sessions.iter().filter_map(|(connection, session)| {
            let pool = setup.pools.get(session.pool as usize)?;
            Some(OpenTransaction {
                connection: *connection,
                transaction: state.store.transaction(*connection)?,
                node: pool.node,
                blocked: session.blocked,
            })
        })
    }

    /// Connections in use and works that wait for one, over all pools to a store.
    pub fn connections(&self, setup: &Setup, database: DatabaseId) -> (u32, u32) {
        let of_database = setup.pools.iter().zip(&self.pools);
        of_database
            .filter(|(spec, _)| spec.database == database)
            .fold((0, 0), |(lent, waiting), (_, pool)| {
                (lent + pool.lent, waiting + pool.waiting.len() as u32)
            })
    }

    /// How it ended, if it did.
    pub fn verdict(&self) -> Option<Verdict> {
        match self.phase {
            Phase::Ended(verdict) => Some(verdict),
            _ => None,
        }
    }

    /// Whether a node can be crashed: everything but clients.
    pub(crate) fn has_process(setup: &Setup, node: NodeId) -> bool {
        !matches!(setup.program.nodes[node.index()].kind, NodeKind::Client(_))
    }
}

/// A transaction that is neither committed nor rolled back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenTransaction {
    /// The connection on which it runs.
    pub connection: ConnectionId,
    /// Its number.
    pub transaction: TransactionId,
    /// The service for which it works.
    pub node: NodeId,
    /// Whether its statement waits for locks.
    pub blocked: bool,
}

impl Cursor {
    /// Subscribed from the beginning.
    fn subscribed() -> Self {
        Cursor {
            fetch: Some(0),
            ..Cursor::default()
        }
    }
}

fn open(database: &tidewire_scenario::Database) -> DatabaseState {
    DatabaseState {
        store: database.initial.clone(),
        full: 0,
        epoch: 0,
        sessions: Vec::new(),
        blocked: 0,
        unblock: None,
        released_by: None,
        replanned: Arc::default(),
    }
}
