//! Our statements as PostgreSQL reads them, token by token.

use tidewire_syntax::{SyntaxElement, SyntaxKind, SyntaxNode, parse};

/// The statement with `$1`, `$2`, … for `:name`; the same name has the same number.
pub fn positional(statement: &str) -> String {
    let mut names: Vec<String> = Vec::new();
    let mut sql = String::with_capacity(statement.len());
    for (kind, text) in tokens(statement) {
        if kind != SyntaxKind::Parameter {
            sql.push_str(&text);
            continue;
        }
        let name = text.to_ascii_lowercase();
        let known = names.iter().position(|other| *other == name);
        let place = known.unwrap_or_else(|| {
            names.push(name);
            names.len() - 1
        });
        sql.push_str(&format!("${}", place + 1));
    }
    sql
}

/// The tokens of a text, blanks and comments included: all of it.
pub fn tokens(text: &str) -> Vec<(SyntaxKind, String)> {
    let parsed = parse(text);
    let tokens = parsed.syntax().descendants_with_tokens();
    tokens
        .filter_map(SyntaxElement::into_token)
        .map(|token| (token.kind(), token.text().to_string()))
        .collect()
}

/// The statement with every operation in parentheses of its own, as our parser grouped it. `None` for what no step
/// begins with, such as a parenthesis.
pub fn grouped(statement: &str) -> Option<String> {
    let within = format!("service s {{ command c() {{\n{statement};\n}} }}");
    let parsed = parse(&within);
    let mut nodes = parsed.syntax().descendants();
    let step = nodes.find(|node| node.kind() == SyntaxKind::SqlStep)?;
    let mut sql = String::new();
    group(&step, &mut sql);
    Some(sql)
}

fn group(node: &SyntaxNode, sql: &mut String) {
    for child in node.children_with_tokens() {
        match child {
            SyntaxElement::Token(token) => sql.push_str(token.text()),
            SyntaxElement::Node(inner) if inner.kind() == SyntaxKind::Operation => {
                sql.push('(');
                group(&inner, sql);
                sql.push(')');
            }
            SyntaxElement::Node(inner) => group(&inner, sql),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_number() {
        let sql = "select :a, ':b', \":c\", x::int /* :d */ from t where y = :b and z = :A";
        assert_eq!(
            positional(sql),
            "select $1, ':b', \":c\", x::int /* :d */ from t where y = $2 and z = $1"
        );
    }

    #[test]
    fn operations_get_their_parentheses() {
        assert_eq!(
            grouped("select a or b and not c = 1 + 2 * 3").as_deref(),
            Some("select (a or (b and (not (c = (1 + (2 * 3))))));")
        );
    }
}
