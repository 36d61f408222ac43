//! The application without a screen: documents, runs, the playhead, view models.
