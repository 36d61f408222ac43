//! Operators, by precedence as in PostgreSQL's manual, section 4.1.6. Operands: `atom`.

use rowan::{Checkpoint, Language};

use super::{Failed, MAX_NESTING, Parsed, Parser};
use crate::ast::sql::{
    BinaryOperator, Expression, ExpressionKind, Literal, Quantity, UnaryOperator,
};
use crate::kind::Tide;
use crate::{Diagnostic, Span, SyntaxKind};

/// How tightly operators bind; the operand behind one binds tighter than it.
mod power {
    pub(super) const OR: u8 = 1;
    pub(super) const AND: u8 = 3;
    pub(super) const NOT: u8 = 5;
    pub(super) const IS: u8 = 7;
    pub(super) const COMPARISON: u8 = 9;
    /// BETWEEN, IN, LIKE
    pub(super) const MEMBERSHIP: u8 = 11;
    pub(super) const OTHER: u8 = 13;
    pub(super) const SUM: u8 = 15;
    pub(super) const PRODUCT: u8 = 17;
    pub(super) const SIGN: u8 = 21;
    pub(super) const CAST: u8 = 25;
}

/// What may stand behind an operand.
#[derive(Clone, Copy, PartialEq)]
enum Infix {
    Binary(BinaryOperator),
    Is,
    IsNull { negated: bool },
    In,
    Between,
    Like,
    Cast,
}

impl Parser<'_> {
    /// Entry of an expression.
    pub(crate) fn expression(&mut self) -> Parsed<Expression> {
        self.operators(0)
    }

    /// An expression without AND, OR, NOT, IS, comparisons and the like outside parentheses.
    pub(super) fn operand_expression(&mut self) -> Parsed<Expression> {
        self.operators(power::MEMBERSHIP + 1)
    }

    /// `( expression )`
    pub(super) fn parenthesised(&mut self) -> Parsed<Expression> {
        self.node(SyntaxKind::Paren, |parser| {
            parser.expect(SyntaxKind::OpenParen, "`(`")?;
            let expression = parser.expression()?;
            parser.expect(SyntaxKind::CloseParen, "`)`")?;
            Ok(expression)
        })
    }

    /// An operand and the operators behind it that bind at least as tightly as `least`.
    ///
    /// `height` is kept here: chains nest to the left in the tree, so counting open calls is not enough to
    /// bound how deep a tree can be.
    fn operators(&mut self, least: u8) -> Parsed<Expression> {
        let outer = std::mem::replace(&mut self.height, 0);
        let result = self.nested(|parser| parser.operators_inner(least));
        self.height = self.height.max(outer);
        result
    }

    fn operators_inner(&mut self, least: u8) -> Parsed<Expression> {
        self.flush_trivia();
        let checkpoint = self.builder.checkpoint();
        let start = self.start();
        let mut left = self.prefixed()?;
        let mut height = self.height + 1;
        let mut before: Option<u8> = None;
        while let Some((infix, negated, binds)) = self.infix() {
            if binds < least {
                break;
            }
            self.refuse_chain(before, binds)?;
            before = Some(binds);
            self.height = 0;
            left = self.applied(checkpoint, start, left, infix, negated, binds)?;
            height = height.max(self.height) + 1;
            if height > MAX_NESTING {
                return self.too_deep();
            }
        }
        self.height = height;
        self.refuse_behind_operand()?;
        Ok(left)
    }

    /// `a = b = c` and `a IN (…) IN (…)` are refused, as these operators have no associativity.
    fn refuse_chain(&mut self, before: Option<u8>, binds: u8) -> Parsed<()> {
        let single = [power::IS, power::COMPARISON, power::MEMBERSHIP].contains(&binds);
        if single && before == Some(binds) {
            let message = "comparisons cannot be chained".to_string();
            return self.fail_hint(
                message,
                "put one of them in parentheses, or join them by AND",
            );
        }
        Ok(())
    }

    /// PostgreSQL takes the longest run of signs for one operator, unless it ends in `+` or `-` and holds none of
    /// `~ ! @ # % ^ & | \`` (manual, section 4.1.3): `5 %-2` asks for an operator `%-`.
    fn refuse_run_on(&mut self) -> Parsed<()> {
        let (operator, next) = (self.token(0), self.token(1));
        let greedy = matches!(self.kind(), SyntaxKind::Percent | SyntaxKind::Concatenate)
            || self.nth_text(0) == "!=";
        let signed = matches!(next.kind, SyntaxKind::Plus | SyntaxKind::Minus);
        if greedy && signed && operator.span.end == next.span.start {
            let run = Span::new(operator.span.start, next.span.end).text(self.text);
            let what = format!("the operator `{run}`");
            return self.unsupported(&what, "put a blank before the sign");
        }
        Ok(())
    }

    fn prefixed(&mut self) -> Parsed<Expression> {
        let (operator, binds) = if self.at_word("not") {
            (UnaryOperator::Not, power::NOT)
        } else if self.at(SyntaxKind::Minus) {
            (UnaryOperator::Minus, power::SIGN)
        } else if self.at(SyntaxKind::Plus) {
            (UnaryOperator::Plus, power::SIGN)
        } else {
            return self.atom();
        };
        let start = self.start();
        self.node(SyntaxKind::Operation, |parser| {
            parser.bump_as(match operator {
                UnaryOperator::Not => SyntaxKind::Keyword,
                _ => parser.kind(),
            });
            let operand = Box::new(parser.operators(binds)?);
            Ok(Expression {
                kind: ExpressionKind::Unary(operator, operand),
                span: parser.since(start),
            })
        })
    }

    /// The operator at the next token, whether NOT stands before it, and how tightly it binds.
    fn infix(&self) -> Option<(Infix, bool, u8)> {
        use BinaryOperator as B;
        let binary = |operator, binds| Some((Infix::Binary(operator), false, binds));
        match self.kind() {
            SyntaxKind::Equal => binary(B::Equal, power::COMPARISON),
            SyntaxKind::NotEqual => binary(B::NotEqual, power::COMPARISON),
            SyntaxKind::Less => binary(B::Less, power::COMPARISON),
            SyntaxKind::LessOrEqual => binary(B::LessOrEqual, power::COMPARISON),
            SyntaxKind::Greater => binary(B::Greater, power::COMPARISON),
            SyntaxKind::GreaterOrEqual => binary(B::GreaterOrEqual, power::COMPARISON),
            SyntaxKind::Concatenate => binary(B::Concatenate, power::OTHER),
            SyntaxKind::Arrow => binary(B::JsonField, power::OTHER),
            SyntaxKind::DoubleArrow => binary(B::JsonFieldText, power::OTHER),
            SyntaxKind::PathArrow => binary(B::JsonPath, power::OTHER),
            SyntaxKind::PathDoubleArrow => binary(B::JsonPathText, power::OTHER),
            SyntaxKind::Contains => binary(B::Contains, power::OTHER),
            SyntaxKind::ContainedBy => binary(B::ContainedBy, power::OTHER),
            SyntaxKind::Question => binary(B::HasKey, power::OTHER),
            SyntaxKind::Plus => binary(B::Add, power::SUM),
            SyntaxKind::Minus => binary(B::Subtract, power::SUM),
            SyntaxKind::Star => binary(B::Multiply, power::PRODUCT),
            SyntaxKind::Slash => binary(B::Divide, power::PRODUCT),
            SyntaxKind::Percent => binary(B::Modulo, power::PRODUCT),
            SyntaxKind::DoubleColon => Some((Infix::Cast, false, power::CAST)),
            SyntaxKind::Word => self.word_infix(),
            _ => None,
        }
    }

    fn word_infix(&self) -> Option<(Infix, bool, u8)> {
        use BinaryOperator as B;
        let negated = self.at_word("not");
        let ahead = usize::from(negated);
        let is = |word: &str| self.nth_word(ahead, word);
        if is("in") && self.nth(ahead + 1) == SyntaxKind::OpenParen {
            return Some((Infix::In, negated, power::MEMBERSHIP));
        }
        if is("between") {
            return Some((Infix::Between, negated, power::MEMBERSHIP));
        }
        if is("like") || is("ilike") || is("similar") {
            return Some((Infix::Like, negated, power::MEMBERSHIP));
        }
        if negated {
            return None;
        }
        match self.one_of(&["and", "or", "is", "isnull", "notnull"])? {
            "and" => Some((Infix::Binary(B::And), false, power::AND)),
            "or" => Some((Infix::Binary(B::Or), false, power::OR)),
            "is" => Some((Infix::Is, false, power::IS)),
            "isnull" => Some((Infix::IsNull { negated: false }, false, power::IS)),
            _ => Some((Infix::IsNull { negated: true }, false, power::IS)),
        }
    }

    /// Takes the operator and what belongs to it, around what stands on its left.
    fn applied(
        &mut self,
        checkpoint: Checkpoint,
        start: u32,
        left: Expression,
        infix: Infix,
        negated: bool,
        binds: u8,
    ) -> Parsed<Expression> {
        let node = Tide::kind_to_raw(SyntaxKind::Operation);
        self.builder.start_node_at(checkpoint, node);
        if negated {
            self.bump_as(SyntaxKind::Keyword);
        }
        let word = self.at(SyntaxKind::Word);
        let operand = Box::new(left);
        let kind = match infix {
            Infix::Like if self.at_word("similar") => self.unsupported("`SIMILAR TO`", "use LIKE"),
            infix => {
                let ignores_case = self.at_word("ilike");
                self.refuse_run_on()?;
                self.bump_as(if word {
                    SyntaxKind::Keyword
                } else {
                    self.kind()
                });
                match infix {
                    Infix::Like => self.like(operand, ignores_case, negated),
                    infix => self.right_side(operand, infix, negated, binds),
                }
            }
        };
        self.finish_node();
        Ok(Expression {
            kind: kind?,
            span: self.since(start),
        })
    }

    fn right_side(
        &mut self,
        operand: Box<Expression>,
        infix: Infix,
        negated: bool,
        binds: u8,
    ) -> Parsed<ExpressionKind> {
        match infix {
            Infix::Binary(operator) => {
                if self.one_of(&["any", "all", "some"]).is_some() {
                    return self.quantified(operand, operator);
                }
                let right = Box::new(self.operators(binds + 1)?);
                Ok(ExpressionKind::Binary(operator, operand, right))
            }
            Infix::Is => self.is(operand),
            Infix::IsNull { negated } => Ok(ExpressionKind::IsNull { operand, negated }),
            Infix::In => self.in_list(operand, negated),
            Infix::Between => {
                let symmetric = self.eat_word("symmetric");
                if !symmetric {
                    self.eat_word("asymmetric");
                }
                let low = Box::new(self.operators(binds + 1)?);
                self.expect_word("and")?;
                let high = Box::new(self.operators(binds + 1)?);
                Ok(ExpressionKind::Between {
                    operand,
                    low,
                    high,
                    symmetric,
                    negated,
                })
            }
            Infix::Like => self.like(operand, false, negated),
            Infix::Cast => Ok(ExpressionKind::Cast(operand, self.type_name()?)),
        }
    }

    /// Behind `LIKE` and `ILIKE`.
    fn like(
        &mut self,
        operand: Box<Expression>,
        ignores_case: bool,
        negated: bool,
    ) -> Parsed<ExpressionKind> {
        let pattern = Box::new(self.operators(power::MEMBERSHIP + 1)?);
        let escape = match self.eat_word("escape") {
            true => Some(Box::new(self.operators(power::MEMBERSHIP + 1)?)),
            false => None,
        };
        Ok(ExpressionKind::Like {
            operand,
            pattern,
            escape,
            ignores_case,
            negated,
        })
    }

    /// Behind a comparison: `ANY (SELECT …)`, `ALL (ARRAY[…])`.
    fn quantified(
        &mut self,
        operand: Box<Expression>,
        operator: BinaryOperator,
    ) -> Parsed<ExpressionKind> {
        let all = self.at_word("all");
        self.bump_as(SyntaxKind::Keyword);
        self.node(SyntaxKind::Paren, |parser| {
            parser.expect(SyntaxKind::OpenParen, "`(`")?;
            let against = if parser.at_query(0) {
                Quantity::Query(Box::new(parser.query()?))
            } else if parser.eat_word("array") {
                parser.expect(SyntaxKind::OpenBracket, "`[`")?;
                let list = match parser.at(SyntaxKind::CloseBracket) {
                    true => Vec::new(),
                    false => parser.expression_list()?,
                };
                parser.expect(SyntaxKind::CloseBracket, "`,` or `]`")?;
                Quantity::List(list)
            } else {
                let hint = "write ARRAY[a, b] or a query";
                return parser.unsupported("arrays as values", hint);
            };
            parser.expect(SyntaxKind::CloseParen, "`)`")?;
            Ok(ExpressionKind::Quantified {
                operand,
                operator,
                all,
                against,
            })
        })
    }

    /// Behind `IS`. `IS TRUE` is written as `IS NOT DISTINCT FROM true`, which is the same.
    fn is(&mut self, operand: Box<Expression>) -> Parsed<ExpressionKind> {
        let negated = self.eat_word("not");
        let place = self.span();
        if self.eat_words(&["distinct", "from"]) {
            let right = Box::new(self.operators(power::IS + 1)?);
            return Ok(ExpressionKind::IsDistinctFrom {
                left: operand,
                right,
                negated,
            });
        }
        match self.one_of(&["null", "unknown", "true", "false"]) {
            Some(word) => {
                self.bump_as(SyntaxKind::Keyword);
                if matches!(word, "null" | "unknown") {
                    return Ok(ExpressionKind::IsNull { operand, negated });
                }
                let kind = ExpressionKind::Literal(Literal::Boolean(word == "true"));
                let right = Box::new(Expression { kind, span: place });
                Ok(ExpressionKind::IsDistinctFrom {
                    left: operand,
                    right,
                    negated: !negated,
                })
            }
            None => {
                let words = ["null", "true", "false", "distinct"];
                self.unknown_word("`null`, `true`, `false` or `distinct from`", &words)
            }
        }
    }

    /// Behind `IN`.
    fn in_list(&mut self, operand: Box<Expression>, negated: bool) -> Parsed<ExpressionKind> {
        self.node(SyntaxKind::Paren, |parser| {
            parser.expect(SyntaxKind::OpenParen, "`(`")?;
            if parser.at_query(0) {
                let query = Box::new(parser.query()?);
                parser.expect(SyntaxKind::CloseParen, "`)`")?;
                return Ok(ExpressionKind::InQuery {
                    operand,
                    query,
                    negated,
                });
            }
            if parser.at(SyntaxKind::CloseParen) {
                return parser.empty_list(parser.span());
            }
            let list = parser.expression_list()?;
            parser.expect(SyntaxKind::CloseParen, "`,` or `)`")?;
            Ok(ExpressionKind::InList {
                operand,
                list,
                negated,
            })
        })
    }

    fn empty_list<T>(&mut self, closing: Span) -> Parsed<T> {
        let message = "IN needs at least one value";
        self.report(Diagnostic::error("syntax", closing, message));
        Err(Failed)
    }
}
