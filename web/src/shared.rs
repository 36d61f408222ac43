//! Large values that components share: cloned by reference, compared by identity.

use std::cell::RefCell;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

use tidewire_session::recording::Recording;
use tidewire_session::view::Canvas;

/// A value that never changes once it is shared; two are equal when they are the same one.
#[derive(Debug)]
pub(crate) struct Shared<T: ?Sized>(Rc<T>);

impl<T> Shared<T> {
    /// Shares a value.
    pub(crate) fn new(value: T) -> Self {
        Self(Rc::new(value))
    }
}

impl<T: ?Sized> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T: ?Sized> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl<T: ?Sized> Deref for Shared<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Default> Default for Shared<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

/// The recording of the current run, which grows: equal while no chunk has come in between.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tape {
    recording: Rc<RefCell<Recording>>,
    revision: u32,
}

impl Tape {
    /// A tape for a new run.
    pub(crate) fn new(recording: Recording) -> Self {
        Self {
            recording: Rc::new(RefCell::new(recording)),
            revision: 0,
        }
    }

    /// Whether both are of the same run, however far it has come.
    pub(crate) fn is_of_run(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.recording, &other.recording)
    }

    /// Reads the recording.
    pub(crate) fn read<R>(&self, reader: impl FnOnce(&Recording) -> R) -> R {
        reader(&self.recording.borrow())
    }

    /// Changes the recording, which makes this tape differ from its earlier clones.
    pub(crate) fn write<R>(&mut self, writer: impl FnOnce(&mut Recording) -> R) -> R {
        self.revision += 1;
        writer(&mut self.recording.borrow_mut())
    }
}

impl PartialEq for Tape {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.recording, &other.recording) && self.revision == other.revision
    }
}

/// What the canvas shows; equal when it is the same drawing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Drawing(pub(crate) Arc<Canvas>);

impl PartialEq for Drawing {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Deref for Drawing {
    type Target = Canvas;
    fn deref(&self) -> &Canvas {
        &self.0
    }
}

impl Drawing {
    /// Index of the node with this name.
    pub(crate) fn index_of(&self, name: &str) -> Option<usize> {
        self.nodes.iter().position(|node| &*node.name == name)
    }
}
