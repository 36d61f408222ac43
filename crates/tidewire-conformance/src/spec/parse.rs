//! From words to a specification: the grammar of `specparse.y`.

use super::link::{self, Names};
use super::model::{Session, Specification, Step};
use super::scan::{Token, scan};

/// The largest specification that is read, in bytes.
const MAX_BYTES: usize = 1024 * 1024;

/// Why a text is no specification.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SpecificationError {
    /// What is wrong, in one line, with the line where there is one.
    pub message: String,
}

impl SpecificationError {
    pub(super) fn at(message: &str, line: u32) -> Self {
        Self::new(format!("{message} at line {line}"))
    }

    pub(super) fn new(message: String) -> Self {
        SpecificationError { message }
    }
}

/// A permutation with names instead of steps.
pub(super) type NamedPermutation = Vec<NamedStep>;

/// A step of a permutation with names instead of steps.
#[derive(Clone, Debug)]
pub(super) struct NamedStep {
    pub(super) name: String,
    pub(super) blockers: Vec<NamedBlocker>,
}

/// An annotation with names instead of steps.
#[derive(Clone, Debug)]
pub(super) enum NamedBlocker {
    Once,
    Step(String),
    Notices(String, u32),
}

/// Reads a specification.
///
/// # Errors
/// When the text does not follow the grammar, names a step twice, or a permutation names one that is not there.
pub fn parse(text: &str) -> Result<Specification, SpecificationError> {
    if text.len() > MAX_BYTES {
        let message = format!(
            "this specification has {} bytes; the limit is 1 MiB",
            text.len()
        );
        return Err(SpecificationError::new(message));
    }
    let mut parser = Parser {
        tokens: scan(text)?,
        at: 0,
    };
    let mut specification = Specification {
        setup: Vec::new(),
        teardown: None,
        sessions: Vec::new(),
        steps: Vec::new(),
        permutations: Vec::new(),
    };
    while let Some(sql) = parser.block("setup")? {
        specification.setup.push(sql);
    }
    specification.teardown = parser.block("teardown")?;
    while parser.keyword("session") {
        parser.session(&mut specification)?;
    }
    let mut permutations = Vec::new();
    while parser.keyword("permutation") {
        permutations.push(parser.permutation()?);
    }
    if parser.at < parser.tokens.len() {
        return parser.error("`session` or `permutation`");
    }
    if specification.sessions.is_empty() {
        return parser.error("a session");
    }
    let names = Names::new(&specification.steps)?;
    specification.permutations = link::permutations(&specification, &names, permutations)?;
    Ok(specification)
}

struct Parser {
    tokens: Vec<(Token, u32)>,
    at: usize,
}

impl Parser {
    fn error<T>(&self, expected: &str) -> Result<T, SpecificationError> {
        let line = self
            .tokens
            .get(self.at)
            .or(self.tokens.last())
            .map_or(1, |(_, line)| *line);
        Err(SpecificationError::at(
            &format!("syntax error: {expected} is expected"),
            line,
        ))
    }

    /// The next word if `read` takes it.
    fn next<T>(&mut self, read: impl Fn(&Token) -> Option<T>) -> Option<T> {
        let (token, _) = self.tokens.get(self.at)?;
        let value = read(token)?;
        self.at += 1;
        Some(value)
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        self.next(|token| matches!(token, Token::Keyword(word) if *word == keyword).then_some(()))
            .is_some()
    }

    fn sign(&mut self, sign: char) -> bool {
        self.next(|token| (*token == Token::Sign(sign)).then_some(()))
            .is_some()
    }

    fn name(&mut self) -> Option<String> {
        self.next(|token| match token {
            Token::Name(name) => Some(name.clone()),
            _ => None,
        })
    }

    fn sql(&mut self) -> Result<String, SpecificationError> {
        let sql = self.next(|token| match token {
            Token::Sql(sql) => Some(sql.clone()),
            _ => None,
        });
        sql.map_or_else(|| self.error("a block of SQL in braces"), Ok)
    }

    fn block(&mut self, keyword: &str) -> Result<Option<String>, SpecificationError> {
        if self.keyword(keyword) {
            self.sql().map(Some)
        } else {
            Ok(None)
        }
    }

    fn session(&mut self, specification: &mut Specification) -> Result<(), SpecificationError> {
        let Some(name) = self.name() else {
            return self.error("a session's name");
        };
        let setup = self.block("setup")?;
        let session = specification.sessions.len();
        let first = specification.steps.len();
        while self.keyword("step") {
            let Some(name) = self.name() else {
                return self.error("a step's name");
            };
            let sql = self.sql()?;
            specification.steps.push(Step { name, session, sql });
        }
        if specification.steps.len() == first {
            return self.error("`step`");
        }
        let teardown = self.block("teardown")?;
        specification.sessions.push(Session {
            name,
            setup,
            teardown,
        });
        Ok(())
    }

    fn permutation(&mut self) -> Result<NamedPermutation, SpecificationError> {
        let mut steps = Vec::new();
        while let Some(name) = self.name() {
            let mut blockers = Vec::new();
            if self.sign('(') {
                blockers.push(self.blocker()?);
                while self.sign(',') {
                    blockers.push(self.blocker()?);
                }
                if !self.sign(')') {
                    return self.error("`)`");
                }
            }
            steps.push(NamedStep { name, blockers });
        }
        if steps.is_empty() {
            return self.error("a step's name");
        }
        Ok(steps)
    }

    fn blocker(&mut self) -> Result<NamedBlocker, SpecificationError> {
        if self.sign('*') {
            return Ok(NamedBlocker::Once);
        }
        let Some(name) = self.name() else {
            return self.error("`*` or a step's name");
        };
        if !self.keyword("notices") {
            return Ok(NamedBlocker::Step(name));
        }
        let number = self.next(|token| match token {
            Token::Number(number) => Some(*number),
            _ => None,
        });
        match number {
            Some(number) => Ok(NamedBlocker::Notices(name, number)),
            None => self.error("a number"),
        }
    }
}
