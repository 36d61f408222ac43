//! What can be explored: states, actions, one transition function, properties.

/// A system as a set of states with actions between them.
pub trait Model {
    /// A state; a plain value.
    type State: Clone;
    /// Something that may happen in a state.
    type Action;

    /// Where it begins.
    fn init(&self) -> Self::State;

    /// What may happen, the canonical action first; nothing when it is over. Fills a list that comes empty.
    fn actions(&self, state: &Self::State, actions: &mut Vec<Self::Action>);

    /// What an action makes of a state; `None` when it cannot happen there.
    fn next(&self, state: &Self::State, action: &Self::Action) -> Option<Self::State>;

    /// What must be true.
    fn properties(&self) -> Vec<Property<Self>>;
}

/// When a property must be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// In every state.
    Always,
    /// In every state in which nothing can happen any more.
    Finally,
}

/// Something that must be true of a model.
pub struct Property<M: Model + ?Sized> {
    /// A sentence.
    pub name: &'static str,
    /// When it must be true.
    pub expectation: Expectation,
    /// Whether it is true of a state.
    pub holds: fn(&M, &M::State) -> bool,
}

impl<M: Model + ?Sized> Clone for Property<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M: Model + ?Sized> Copy for Property<M> {}
