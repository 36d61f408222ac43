//! Steps of handlers and clients. What is SQL among them is parsed in `statement`.

use super::{Parsed, Parser};
use crate::SyntaxKind;
use crate::ast::sql::Statement;
use crate::ast::{Argument, Call, Failure, Publish, Step, StepKind};

const STEP_WORDS: &[&str] = &[
    "call", "publish", "append", "load", "let", "if", "for", "require", "fail", "reply", "wait",
    "retry", "parallel",
];

/// What a step may begin with, for suggestions.
const ALL_STEP_WORDS: &[&str] = &[
    "select",
    "insert",
    "update",
    "delete",
    "begin",
    "commit",
    "rollback",
    "savepoint",
    "call",
    "publish",
    "append",
    "load",
    "let",
    "if",
    "for",
    "require",
    "fail",
    "reply",
    "wait",
    "retry",
    "parallel",
    "get",
    "put",
    "single flight",
];

/// Steps that the language reserves and does not have yet.
const LATER: &[&str] = &["ack", "reject"];

impl Parser<'_> {
    /// `{ step … }`
    pub(super) fn steps(&mut self) -> Parsed<Vec<Step>> {
        let mut steps = Vec::new();
        self.braced(false, &mut |parser| {
            steps.push(parser.step()?);
            Ok(())
        })?;
        Ok(steps)
    }

    /// A step without the `on error` behind it.
    pub(super) fn bare_step(&mut self) -> Parsed<Step> {
        let start = self.start();
        if self.at(SyntaxKind::OpenBrace) {
            return self.node(SyntaxKind::GroupStep, |parser| parser.group());
        }
        if self.at_words(&["begin", "distributed"]) {
            return self.not_yet("`begin distributed`");
        }
        if self.at_words(&["single", "flight"]) {
            return self.node(SyntaxKind::SingleFlightStep, |parser| {
                parser.single_flight()
            });
        }
        if self.at_cache_step() {
            return self.node(SyntaxKind::CacheStep, |parser| parser.cache_step());
        }
        let Some(word) = self.one_of(STEP_WORDS) else {
            if self.at_statement() {
                return self.node(SyntaxKind::SqlStep, |parser| parser.sql_step());
            }
            if let Some(word) = self.one_of(LATER) {
                return self.not_yet(&format!("the step `{word}`"));
            }
            return self.unknown_word("a step", ALL_STEP_WORDS);
        };
        let kind = match word {
            "if" => return self.node(SyntaxKind::IfStep, |parser| parser.if_step()),
            "for" => return self.node(SyntaxKind::ForEachStep, |parser| parser.for_each()),
            "load" => return self.node(SyntaxKind::LoadStep, |parser| parser.load()),
            "append" => SyntaxKind::AppendStep,
            "retry" => return self.node(SyntaxKind::RetryStep, |parser| parser.retry_step()),
            "parallel" => return self.node(SyntaxKind::ParallelStep, |parser| parser.parallel()),
            "call" => SyntaxKind::CallStep,
            "publish" => SyntaxKind::PublishStep,
            _ => SyntaxKind::SimpleStep,
        };
        self.node(kind, |parser| {
            parser.bump_as(SyntaxKind::Keyword);
            let kind = match word {
                "call" => StepKind::Call(parser.call(start)?),
                "publish" => StepKind::Publish(parser.publish()?),
                "append" => StepKind::Append(parser.append()?),
                "let" => {
                    let (name, value) = parser.binding()?;
                    StepKind::Let(name, value)
                }
                "require" => {
                    let condition = parser.expression()?;
                    parser.expect_word("else")?;
                    parser.expect_word("fail")?;
                    StepKind::Require(condition, parser.failure()?)
                }
                "fail" => StepKind::Fail(parser.failure()?),
                "reply" if parser.at(SyntaxKind::OpenParen) => StepKind::Reply(parser.arguments()?),
                "reply" => StepKind::Reply(Vec::new()),
                _ => StepKind::Wait(parser.delay()?),
            };
            let span = parser.since(start);
            parser.semicolon()?;
            Ok(Step { kind, span })
        })
    }

    /// `statement [into r] [in db];`
    fn sql_step(&mut self) -> Parsed<Step> {
        let start = self.start();
        let statement = self.statement()?;
        let (mut into, mut database) = (None, None);
        if self.eat_word("into") {
            into = Some(self.identifier("a name for the row")?);
        }
        if self.eat_word("in") {
            database = Some(self.block_name("the name of a database")?);
        }
        let span = self.since(start);
        self.semicolon()?;
        Ok(Step {
            kind: StepKind::Sql {
                statement,
                into,
                database,
            },
            span,
        })
    }

    /// `service.command(x => …) [timeout d] [retry n [backoff d [to d]] [jitter]] [into r]`
    fn call(&mut self, start: u32) -> Parsed<Call> {
        let service = self.block_name("the name of a service")?;
        self.expect(SyntaxKind::Dot, "`.` and a command")?;
        let mut call = Call {
            service,
            command: self.block_name("the name of a command")?,
            arguments: self.arguments()?,
            timeout: None,
            retry: None,
            into: None,
            span: self.since(start),
        };
        while !self.at(SyntaxKind::Semicolon) {
            if self.eat_word("timeout") {
                call.timeout = Some(self.duration()?);
            } else if self.eat_word("retry") {
                let times = self.count("how many times more")?;
                call.retry = Some(self.retry(times)?);
            } else if self.eat_word("into") {
                call.into = Some(self.identifier("a name for the reply")?);
            } else if self.first_on_line() || self.at(SyntaxKind::CloseBrace) {
                break;
            } else {
                let words = ["timeout", "retry", "into"];
                return self.unknown_word("`;`, `timeout`, `retry` or `into`", &words);
            }
        }
        call.span = self.since(start);
        Ok(call)
    }

    /// `EVENT(x => …) to TOPIC [key …]`
    fn publish(&mut self) -> Parsed<Publish> {
        let event = self.block_name("the name of an event")?;
        let arguments = self.arguments()?;
        self.expect_word("to")?;
        let topic = self.block_name("the name of a topic")?;
        let key = match self.eat_word("key") {
            true => Some(self.expression()?),
            false => None,
        };
        Ok(Publish {
            event,
            arguments,
            topic,
            key,
        })
    }

    /// `x = …` behind `let`.
    pub(super) fn binding(&mut self) -> Parsed<(crate::Name, crate::ast::sql::Expression)> {
        let name = self.identifier("the name of the value")?;
        self.expect(SyntaxKind::Equal, "`=`")?;
        Ok((name, self.expression()?))
    }

    /// `(name => expression, …)`
    pub(super) fn arguments(&mut self) -> Parsed<Vec<Argument>> {
        self.node(SyntaxKind::Arguments, |parser| {
            parser.expect(SyntaxKind::OpenParen, "`(`")?;
            let mut arguments = Vec::new();
            while !parser.at(SyntaxKind::CloseParen) {
                if !parser.at_name() && !parser.at(SyntaxKind::End) {
                    let message = format!("expected a name and `=>`, found {}", parser.found());
                    return parser.fail_hint(message, "values are passed by name: `name => …`");
                }
                let name = parser.identifier("a name and `=>`")?;
                if !parser.at(SyntaxKind::FatArrow) {
                    let message = format!("expected `=>`, found {}", parser.found());
                    return parser
                        .fail_hint(message, format!("values are passed by name: `{name} => …`"));
                }
                parser.bump();
                let value = parser.expression()?;
                arguments.push(Argument { name, value });
                if !parser.eat(SyntaxKind::Comma) {
                    break;
                }
            }
            parser.expect(SyntaxKind::CloseParen, "`,` or `)`")?;
            Ok(arguments)
        })
    }

    /// `E` or `E('message')`
    fn failure(&mut self) -> Parsed<Failure> {
        let name = self.block_name("the name of the failure")?;
        let mut message = None;
        if self.eat(SyntaxKind::OpenParen) {
            if !self.at(SyntaxKind::CloseParen) {
                message = Some(self.expression()?);
            }
            self.expect(SyntaxKind::CloseParen, "`)`")?;
        }
        Ok(Failure { name, message })
    }

    /// `if … { … } [else { … } | else if …]`
    fn if_step(&mut self) -> Parsed<Step> {
        let start = self.start();
        self.bump_as(SyntaxKind::Keyword);
        let condition = self.expression()?;
        let then = self.steps()?;
        let mut otherwise = Vec::new();
        if self.eat_word("else") {
            otherwise =
                match self.at_word("if") {
                    true => vec![self.nested(|parser| {
                        parser.node(SyntaxKind::IfStep, |parser| parser.if_step())
                    })?],
                    false => self.steps()?,
                };
        }
        Ok(Step {
            kind: StepKind::If {
                condition,
                then,
                otherwise,
            },
            span: self.since(start),
        })
    }

    /// `for each row in (select …) { … }`
    fn for_each(&mut self) -> Parsed<Step> {
        let start = self.start();
        self.bump_as(SyntaxKind::Keyword);
        self.expect_word("each")?;
        let row = self.identifier("a name for the row")?;
        self.expect_word("in")?;
        let query = self.node(SyntaxKind::Paren, |parser| {
            parser.expect(SyntaxKind::OpenParen, "`(` and a query")?;
            let query = Box::new(parser.query()?);
            parser.expect(SyntaxKind::CloseParen, "`)`")?;
            Ok(query)
        })?;
        let body = self.steps()?;
        Ok(Step {
            kind: StepKind::ForEach { row, query, body },
            span: self.since(start),
        })
    }

    /// Whether the next word begins an SQL statement, be it one that is not supported.
    pub(super) fn at_statement(&self) -> bool {
        super::statement::begins_statement(self.nth_text(0)) && self.at(SyntaxKind::Word)
    }
}

/// Used by the tools that parse several statements apart from a scenario.
impl Parser<'_> {
    /// Entry: statements separated by `;`.
    pub(crate) fn statements(&mut self) -> Vec<Statement> {
        let mut statements = Vec::new();
        loop {
            let before = self.at;
            match self.kind() {
                SyntaxKind::End => return statements,
                SyntaxKind::Semicolon => self.bump(),
                _ => match self.node(SyntaxKind::SqlStep, |parser| parser.lone_statement()) {
                    Ok(statement) => statements.push(statement),
                    Err(_) => self.recover(before),
                },
            }
            if self.at == before {
                self.node(SyntaxKind::Error, |parser| parser.bump());
            }
        }
    }

    /// Entry: one statement with an optional `;`.
    pub(crate) fn lone_statement(&mut self) -> Parsed<Statement> {
        let statement = self.statement()?;
        if self.at_word("into") {
            let hint = "create the table, then INSERT … SELECT";
            return self.unsupported("`SELECT … INTO`", hint);
        }
        if !self.at(SyntaxKind::End) && !self.eat(SyntaxKind::Semicolon) {
            return self.fail("`;` or the end of the statement");
        }
        Ok(statement)
    }
}
