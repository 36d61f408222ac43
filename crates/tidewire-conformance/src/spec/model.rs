//! What a specification says. Names are resolved: a step is known by its [`StepId`].

/// A step, by its place among all steps of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepId(pub usize);

/// A whole specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Specification {
    /// Queries before each permutation, in the control session.
    pub setup: Vec<String>,
    /// The query after each permutation, in the control session.
    pub teardown: Option<String>,
    /// The sessions in order.
    pub sessions: Vec<Session>,
    /// The steps of all sessions, session by session.
    pub steps: Vec<Step>,
    /// What is to be played; all interleavings when empty.
    pub permutations: Vec<Permutation>,
}

impl Specification {
    /// A step.
    pub fn step(&self, step: StepId) -> &Step {
        &self.steps[step.0]
    }
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its name.
    pub name: String,
    /// Its query before each permutation.
    pub setup: Option<String>,
    /// Its query after each permutation.
    pub teardown: Option<String>,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name, unique in the specification.
    pub name: String,
    /// The index of its session.
    pub session: usize,
    /// Its query as written, without space at its ends.
    pub sql: String,
}

/// Steps in the order in which they are sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permutation {
    /// The steps.
    pub steps: Vec<PermutationStep>,
}

/// A step with its annotations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermutationStep {
    /// The step.
    pub step: StepId,
    /// What its completion waits for before it is reported.
    pub blockers: Vec<Blocker>,
}

/// What stands in parentheses behind a step's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocker {
    /// `*`: it is reported as waiting once.
    Once,
    /// It is not reported while this step is active.
    Step(StepId),
    /// It is not reported before the session of this step gave so many further notices.
    Notices(StepId, u32),
}
