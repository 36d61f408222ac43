//! Plays the permutations of a specification and prints what happens, in the order in which the tester looks
//! (`isolationtester.c`, `run_permutation`). How a step is looked at until it is done stands in `completion`.

use std::ops::ControlFlow;

use tidewire_store::{Notice, SqlError};

use super::completion::Look;
use super::model::{Blocker, Permutation, PermutationStep, Specification};
use super::table::table;
use super::{permutations, unused_steps};
use crate::sessions::{Answer, Failure, Refusal, SessionId, Sessions};

/// Where a text is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// What belongs to the result.
    Output,
    /// What is wrong with the specification, its setup or its teardown.
    Error,
}

/// Takes what is printed.
pub trait Transcript {
    /// Text, with its newlines.
    fn print(&mut self, stream: Stream, text: &str);
}

/// Both streams in one, as they come.
impl Transcript for String {
    fn print(&mut self, _: Stream, text: &str) {
        self.push_str(text);
    }
}

/// A permutation could not be played to its end; what is wrong has been printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the specification could not be played to its end")]
pub struct Stopped;

/// Plays a specification on an empty store. Answers the statements that lie outside our SQL, each with the
/// reason; where there are any, the outcome tells nothing about PostgreSQL.
///
/// # Errors
/// When a setup fails, or steps wait for each other in a way that time does not end.
pub fn play(
    specification: &Specification,
    transcript: &mut dyn Transcript,
) -> Result<Vec<Refusal>, Stopped> {
    for name in unused_steps(specification) {
        transcript.print(Stream::Error, &format!("unused step name: {name}\n"));
    }
    let count = specification.sessions.len();
    transcript.print(
        Stream::Output,
        &format!("Parsed test spec with {count} sessions\n"),
    );
    let mut server = Sessions::new();
    let control = server.open();
    let clients = specification.sessions.iter().map(|session| Client {
        session: server.open(),
        name: session.name.clone(),
        active: None,
        notices: 0,
    });
    let clients = clients.collect();
    let mut player = Player {
        specification,
        transcript,
        server,
        control,
        clients,
        refused: Vec::new(),
    };
    let flow = permutations::each(specification, |permutation| {
        match player.play(permutation) {
            Ok(()) => ControlFlow::Continue(()),
            Err(stopped) => ControlFlow::Break(stopped),
        }
    });
    match flow {
        ControlFlow::Continue(()) => Ok(player.refused),
        ControlFlow::Break(stopped) => Err(stopped),
    }
}

/// One session of the specification.
pub(super) struct Client {
    pub(super) session: SessionId,
    pub(super) name: String,
    /// The step under way.
    pub(super) active: Option<Active>,
    /// Notices so far.
    pub(super) notices: u32,
}

/// A step that was sent and not yet reported as completed.
pub(super) struct Active {
    /// Its place in the permutation.
    pub(super) at: usize,
    /// For each of its annotations, how many notices the other session must have given; 0 for other kinds.
    pub(super) notices: Vec<u32>,
}

pub(super) struct Player<'s> {
    pub(super) specification: &'s Specification,
    pub(super) transcript: &'s mut dyn Transcript,
    pub(super) server: Sessions,
    pub(super) control: SessionId,
    pub(super) clients: Vec<Client>,
    pub(super) refused: Vec<Refusal>,
}

impl Player<'_> {
    pub(super) fn out(&mut self, text: &str) {
        self.transcript.print(Stream::Output, text);
    }

    pub(super) fn error(&mut self, text: &str) {
        self.transcript.print(Stream::Error, text);
    }

    fn play(&mut self, permutation: &Permutation) -> Result<(), Stopped> {
        let specification = self.specification;
        let names = permutation
            .steps
            .iter()
            .map(|step| &specification.step(step.step).name);
        let names: String = names.map(|name| format!(" {name}")).collect();
        self.out(&format!("\nstarting permutation:{names}\n"));
        for sql in &specification.setup {
            self.aside(self.control, sql, "setup failed")?;
        }
        for (at, session) in specification.sessions.iter().enumerate() {
            if let Some(sql) = &session.setup {
                let failed = format!("setup of session {} failed", session.name);
                self.aside(self.clients[at].session, sql, &failed)?;
            }
        }
        self.steps(permutation)?;
        for (at, session) in specification.sessions.iter().enumerate() {
            if let Some(sql) = &session.teardown {
                let failed = format!("teardown of session {} failed", session.name);
                // A teardown that fails is told, and no more.
                let _ = self.aside(self.clients[at].session, sql, &failed);
            }
        }
        if let Some(sql) = &specification.teardown {
            let _ = self.aside(self.control, sql, "teardown failed");
        }
        Ok(())
    }

    /// Sends a query that belongs to no step and waits for its end. Only its last answer is printed.
    fn aside(&mut self, session: SessionId, sql: &str, failed: &str) -> Result<(), Stopped> {
        self.server.send(session, sql);
        self.server.settle();
        while self.server.is_busy(session) {
            if !self.server.wait_until(i64::MAX) {
                self.error(&format!("{failed}: it waits for ever\n"));
                return Err(Stopped);
            }
        }
        let client = self
            .clients
            .iter()
            .position(|client| client.session == session);
        let mut last = None;
        for answer in self.server.take(session) {
            match (answer, client) {
                (Answer::Notice(notice), Some(client)) => self.notice(client, &notice),
                // Those of the control session are hidden.
                (Answer::Notice(_), None) => {}
                (answer, _) => last = Some(answer),
            }
        }
        match last {
            Some(Answer::Failed(failure)) => {
                self.error(&format!("{failed}: {}", error_text(&failure.error)));
                self.note(failure);
                Err(Stopped)
            }
            Some(Answer::Rows { columns, rows, .. }) => {
                self.out(&table(&columns, &rows));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Prints the notices that a session has got by now.
    pub(super) fn notices(&mut self, session: usize) {
        for notice in self.server.take_notices(self.clients[session].session) {
            self.notice(session, &notice);
        }
    }

    pub(super) fn notice(&mut self, session: usize, notice: &Notice) {
        let client = &mut self.clients[session];
        client.notices += 1;
        let text = format!(
            "{}: {}:  {}\n",
            client.name, notice.severity, notice.message
        );
        self.out(&text);
    }

    pub(super) fn note(&mut self, failure: Failure) {
        self.refused.extend(failure.outside);
    }

    fn steps(&mut self, permutation: &Permutation) -> Result<(), Stopped> {
        let mut waiting: Vec<usize> = Vec::new();
        for (at, annotated) in permutation.steps.iter().enumerate() {
            let step = self.specification.step(annotated.step);
            self.wait_for_session(permutation, step.session, &mut waiting)?;
            let notices = self.notice_goals(annotated);
            let client = &mut self.clients[step.session];
            client.active = Some(Active { at, notices });
            self.server.send(client.session, &step.sql);
            self.server.settle();
            let must_wait = self.complete(permutation, at, Look::First)?;
            self.complete_all(permutation, &mut waiting, Look::Again)?;
            if must_wait {
                waiting.push(at);
            }
        }
        self.complete_all(permutation, &mut waiting, Look::Wait)?;
        if waiting.is_empty() {
            return Ok(());
        }
        self.error("failed to complete permutation due to mutually-blocking steps\n");
        Err(Stopped)
    }

    fn notice_goals(&self, annotated: &PermutationStep) -> Vec<u32> {
        let goal = |blocker: &Blocker| match blocker {
            Blocker::Notices(other, count) => {
                let session = self.specification.step(*other).session;
                self.clients[session].notices.saturating_add(*count)
            }
            Blocker::Once | Blocker::Step(_) => 0,
        };
        annotated.blockers.iter().map(goal).collect()
    }
}

/// An error with all that a client is told about it.
fn error_text(error: &SqlError) -> String {
    let detail = error
        .detail
        .iter()
        .map(|detail| format!("DETAIL:  {detail}\n"));
    format!("ERROR:  {}\n{}", error.message, detail.collect::<String>())
}
