//! `case.toml`: what must happen in a lesson.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::bound::Bound;

/// The groups of the gallery, in order; the n-th has the orders n00 to n99.
pub(crate) const GROUPS: [&str; 7] = [
    "Who owns the data",
    "Read across services",
    "Publish a change",
    "Span several services",
    "Consume safely",
    "Keep copies",
    "Write at the same time",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) order: usize,
    pub(crate) title: String,
    pub(crate) group: String,
    pub(crate) promise: String,
    pub(crate) design: Vec<Design>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Design {
    pub(crate) name: String,
    /// `holds` or `breaks`
    pub(crate) verdict: String,
    /// Sentences of the invariants that are broken.
    pub(crate) breaks: Vec<String>,
    pub(crate) seed: u64,
    pub(crate) trace_hash: String,
    /// Figures that prove the point.
    #[serde(default)]
    pub(crate) bound: Vec<Bound>,
}

/// A lesson's folder, read.
pub(crate) struct Lesson {
    pub(crate) folder: PathBuf,
    pub(crate) case_text: String,
    pub(crate) case: Case,
    pub(crate) scenario: String,
    pub(crate) readme: String,
}

impl Lesson {
    pub(crate) fn slug(&self) -> String {
        let name = self.folder.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    fn read(folder: PathBuf) -> Lesson {
        let case_text = read(&folder.join("case.toml"));
        let case = toml::from_str(&case_text)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.join("case.toml").display()));
        Lesson {
            case_text,
            case,
            scenario: read(&folder.join("scenario.tide")),
            readme: read(&folder.join("README.md")),
            folder,
        }
    }
}

/// All lessons, in order of their folders.
pub(crate) fn lessons() -> Vec<Lesson> {
    let gallery = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../gallery");
    let entries = std::fs::read_dir(&gallery).expect("there is a gallery");
    let folders = entries.map(|entry| entry.expect("it can be read").path());
    let mut folders: Vec<PathBuf> = folders.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders.into_iter().map(Lesson::read).collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The text of a case with another hash in the table of one design; all other lines stay as they are.
pub(crate) fn with_hash(text: &str, design: &str, hash: &str) -> String {
    let mut current = None;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.trim() == "[[design]]" {
            current = None;
        } else if let Some(name) = line.strip_prefix("name = ") {
            current = Some(name.trim().trim_matches('"').to_owned());
        }
        if line.starts_with("trace_hash") && current.as_deref() == Some(design) {
            lines.push(format!("trace_hash = \"{hash}\""));
        } else {
            lines.push(line.to_owned());
        }
    }
    lines.join("\n") + "\n"
}
