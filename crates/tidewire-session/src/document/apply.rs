//! Commands become changes of the text.
