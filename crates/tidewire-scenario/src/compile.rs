//! The one door: a parsed text in, a program and everything that is wrong with it out.
//!
//! Every design is checked, whichever is asked for, so that an edit of the common part shows at once what it
//! breaks elsewhere. The program is that of the design asked for; errors of other designs do not hinder it.

use std::collections::BTreeSet;

use tidewire_syntax::sort;
use tidewire_syntax::{Diagnostic, Parse, Span, ast, suggest};

use crate::Program;
use crate::build::{Input, build};
use crate::effective::{Effective, design_names, designs, effective};
use crate::limits;
use crate::outline::Outline;
use crate::report::{Report, has_errors};

/// What a text means in one of its designs.
#[derive(Debug)]
pub struct Compiled {
    /// The program of the design; `None` when that design, or the text as such, has an error.
    pub program: Option<Program>,
    /// Everything found, in all designs and by the parser, in order of the text; each finding once.
    pub diagnostics: Vec<Diagnostic>,
    /// Names of all designs, in order.
    pub designs: Vec<String>,
    /// Which of them this is; `None` when there are none, or none of that name.
    pub design: Option<usize>,
    /// Nodes and wires of the design, there even when the program is not.
    pub outline: Outline,
    /// The merged blocks of the design.
    pub effective: Effective,
}

/// Compiles a text in the design of this name; without a name, in its first.
pub fn compile(parse: &Parse, design: Option<&str>) -> Compiled {
    let file = parse.file();
    let names = design_names(file);
    let mut diagnostics = parse.diagnostics().to_vec();
    diagnostics.extend(check_designs(file));
    let chosen = match design {
        None => (!names.is_empty()).then_some(0),
        Some(name) => {
            let found = find_design(&names, name);
            if found.is_none() {
                diagnostics.push(unknown_design(&names, name));
            }
            found
        }
    };
    let is_known = design.is_none() || chosen.is_some();
    let text_is_fine = is_known && !has_errors(&diagnostics);

    let versions = merge_all(file, names.len(), chosen);
    let mut all_nodes = BTreeSet::new();
    for version in &versions {
        let names = version.outline.nodes.iter();
        all_nodes.extend(names.map(|node| node.name.to_ascii_lowercase()));
    }
    let mut program = None;
    let mut findings = Vec::new();
    for version in &versions {
        let (built, report) = build(&Input {
            source: parse.text(),
            effective: &version.effective,
            outline: &version.outline,
            designs: &names,
            all_nodes: &all_nodes,
        });
        let mut found = version.diagnostics.clone();
        found.extend(report.diagnostics);
        if version.effective.design == chosen && text_is_fine && !has_errors(&found) {
            program = Some(built);
        }
        findings.push((version.effective.design, found));
    }
    diagnostics.extend(gather(file, &names, findings));
    sort::sort_by_key(&mut diagnostics, |finding| (finding.span, finding.severity));
    let this = versions
        .into_iter()
        .find(|version| version.effective.design == chosen);
    let (effective, outline) = this
        .map(|version| (version.effective, version.outline))
        .unwrap_or_default();
    Compiled {
        program,
        diagnostics,
        designs: names,
        design: chosen,
        outline,
        effective,
    }
}

/// One design, merged.
struct Version {
    effective: Effective,
    diagnostics: Vec<Diagnostic>,
    outline: Outline,
}

/// All designs within the limit, and the chosen one; the common part alone where there are none.
fn merge_all(file: &ast::File, number: usize, chosen: Option<usize>) -> Vec<Version> {
    let all: Vec<Option<usize>> = if number == 0 {
        vec![None]
    } else {
        let checked = (0..number).filter(|at| *at < limits::DESIGNS || Some(*at) == chosen);
        checked.map(Some).collect()
    };
    all.into_iter()
        .map(|design| {
            let (effective, diagnostics) = effective(file, design);
            let outline = Outline::of(&effective);
            Version {
                effective,
                diagnostics,
                outline,
            }
        })
        .collect()
}

fn check_designs(file: &ast::File) -> Vec<Diagnostic> {
    let mut report = Report::default();
    let mut seen: Vec<&str> = Vec::new();
    for (_, design) in designs(file) {
        let name = &design.name;
        if seen.contains(&name.value.as_str()) {
            report.error(
                "duplicate-name",
                name.span,
                format!("a design named '{}' exists already", name.value),
                "give it another name: a run picks its design by name",
            );
        }
        seen.push(&name.value);
        limits::count(
            &mut report,
            "designs",
            name.span,
            seen.len(),
            limits::DESIGNS,
        );
    }
    report.diagnostics
}

fn find_design(names: &[String], wanted: &str) -> Option<usize> {
    names.iter().position(|name| name == wanted).or_else(|| {
        names
            .iter()
            .position(|name| name.to_lowercase() == wanted.to_lowercase())
    })
}

fn unknown_design(names: &[String], wanted: &str) -> Diagnostic {
    let message = format!("no design named '{wanted}'");
    let diagnostic = Diagnostic::error("unknown-design", Span::default(), message);
    if let Some(meant) = suggest(wanted, names.iter().map(String::as_str)) {
        return diagnostic.hint(format!("did you mean '{meant}'?"));
    }
    match names {
        [] => diagnostic.hint("this scenario has no designs: leave the name out"),
        _ => diagnostic.hint(format!("its designs are '{}'", names.join("', '"))),
    }
}

/// Each finding once. Where only some designs have it and its place does not show which, the message says so.
fn gather(
    file: &ast::File,
    names: &[String],
    findings: Vec<(Option<usize>, Vec<Diagnostic>)>,
) -> Vec<Diagnostic> {
    let number = findings.len();
    let mut gathered: Vec<(Diagnostic, Vec<usize>)> = Vec::new();
    for (design, found) in findings {
        for diagnostic in found {
            let known = gathered.iter_mut().find(|(known, _)| *known == diagnostic);
            match known {
                Some((_, places)) => places.extend(design.filter(|at| !places.contains(at))),
                None => gathered.push((diagnostic, design.into_iter().collect())),
            }
        }
    }
    let bodies: Vec<Span> = designs(file).map(|(span, _)| span).collect();
    gathered
        .into_iter()
        .map(|(mut diagnostic, places)| {
            let stands_in_design = bodies
                .iter()
                .any(|body| body.start <= diagnostic.span.start && diagnostic.span.end <= body.end);
            if number > 1 && places.len() < number && !stands_in_design {
                let these: Vec<&str> = places.iter().map(|at| names[*at].as_str()).collect();
                diagnostic.message += &format!(" (in design '{}')", these.join("', '"));
            }
            diagnostic
        })
        .collect()
}
