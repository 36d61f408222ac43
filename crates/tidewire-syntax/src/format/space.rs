//! Where a blank stands between two tokens of a line.

use crate::{SyntaxKind, SyntaxToken};

/// Whether a blank stands between two neighbours.
pub(super) fn between(left: &SyntaxToken, right: &SyntaxToken) -> bool {
    use SyntaxKind as K;
    let (left_kind, right_kind) = (left.kind(), right.kind());
    // Two signs would become a comment.
    if left_kind == K::Minus && right_kind == K::Minus {
        return true;
    }
    match (left_kind, right_kind) {
        (K::OpenParen | K::OpenBracket | K::Dot | K::DoubleColon, _) => false,
        (_, K::OpenBracket | K::CloseBracket) => false,
        (_, K::CloseParen | K::Comma | K::Semicolon | K::Dot | K::DoubleColon) => false,
        (K::Plus | K::Minus, _) if is_sign(left) => false,
        // `orders#2`
        (K::Hash, _) if is_fault(left) => false,
        (_, K::Hash) if is_fault(right) => false,
        (K::Slash, _) if is_rate(left) => false,
        (_, K::Slash) if is_rate(right) => false,
        (_, K::OpenParen) => !hugs(left, right),
        _ => true,
    }
}

fn is_fault(token: &SyntaxToken) -> bool {
    token
        .parent()
        .is_some_and(|parent| parent.kind() == SyntaxKind::Fault)
}

/// A sign in front of an operand, of a coordinate or of how far a clock is off.
fn is_sign(token: &SyntaxToken) -> bool {
    let first = || {
        std::iter::successors(token.prev_sibling_or_token(), |it| {
            it.prev_sibling_or_token()
        })
        .all(|it| it.kind().is_trivia())
    };
    match token.parent().map(|parent| parent.kind()) {
        Some(SyntaxKind::Operation) => first(),
        Some(kind) => matches!(kind, SyntaxKind::Position | SyntaxKind::Fault),
        None => false,
    }
}

/// The slash of `80/s`.
fn is_rate(token: &SyntaxToken) -> bool {
    token
        .parent()
        .is_some_and(|parent| parent.kind() == SyntaxKind::Client)
}

/// Whether a parenthesis follows its word at once: calls, fields and types do, lists of SQL do not.
fn hugs(left: &SyntaxToken, paren: &SyntaxToken) -> bool {
    let word = matches!(left.kind(), SyntaxKind::Word | SyntaxKind::QuotedWord);
    match paren.parent().map(|parent| parent.kind()) {
        Some(SyntaxKind::Function | SyntaxKind::Type) => true,
        Some(SyntaxKind::Fields | SyntaxKind::Arguments | SyntaxKind::SimpleStep) => word,
        _ => false,
    }
}
