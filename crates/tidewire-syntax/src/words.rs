//! Words: which are reserved, and which one was probably meant.

/// Words that cannot name a column or a table: PostgreSQL 15's reserved words, and those that it reserves
/// except as function or type names (appendix C of its manual). Sorted.
#[rustfmt::skip]
const RESERVED: &[&str] = &[
    "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "authorization",
    "binary", "both", "case", "cast", "check", "collate", "collation", "column", "concurrently",
    "constraint", "create", "cross", "current_catalog", "current_date", "current_role",
    "current_schema", "current_time", "current_timestamp", "current_user", "default", "deferrable",
    "desc", "distinct", "do", "else", "end", "except", "false", "fetch", "for", "foreign", "freeze",
    "from", "full", "grant", "group", "having", "ilike", "in", "initially", "inner", "intersect",
    "into", "is", "isnull", "join", "lateral", "leading", "left", "like", "limit", "localtime",
    "localtimestamp", "natural", "not", "notnull", "null", "offset", "on", "only", "or", "order",
    "outer", "overlaps", "placing", "primary", "references", "returning", "right", "select",
    "session_user", "similar", "some", "symmetric", "table", "tablesample", "then", "to", "trailing",
    "true", "union", "unique", "user", "using", "variadic", "verbose", "when", "where", "window",
    "with",
];

/// Words that name an output column only behind `AS` (same appendix, "requires AS"). Sorted.
const NEEDS_AS: &[&str] = &[
    "char",
    "character",
    "day",
    "filter",
    "hour",
    "minute",
    "month",
    "over",
    "precision",
    "second",
    "varying",
    "within",
    "without",
    "year",
];

/// Words that may name a column or a table and no function: PostgreSQL's `col_name_keyword`s (`gram.y`) without
/// those that have a form of their own, such as `coalesce`. Sorted.
#[rustfmt::skip]
const NO_FUNCTION: &[&str] = &[
    "between", "bigint", "bit", "boolean", "char", "character", "dec", "decimal", "float", "inout",
    "int", "integer", "national", "nchar", "none", "numeric", "out", "precision", "real", "setof",
    "smallint", "time", "timestamp", "values", "varchar", "xmlattributes", "xmlnamespaces",
];

/// Whether a word cannot be an identifier without quotes.
pub fn is_reserved(word: &str) -> bool {
    contains(RESERVED, word)
}

/// Whether a word can be an output name only behind `AS`.
pub(crate) fn needs_as(word: &str) -> bool {
    contains(NEEDS_AS, word)
}

/// Whether a word that may name a column cannot name a function.
pub(crate) fn names_no_function(word: &str) -> bool {
    contains(NO_FUNCTION, word)
}

fn contains(sorted: &[&str], word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    sorted.binary_search(&lower.as_str()).is_ok()
}

/// The candidate that was probably meant: at most a third of the letters differ. The first of equals wins.
pub fn suggest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let word = word.to_ascii_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (distance(&word, &candidate.to_ascii_lowercase()), candidate))
        .filter(|(distance, candidate)| distance * 3 <= candidate.chars().count().max(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Edits between two words: insert, delete, replace, and swap of neighbours (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(64).collect();
    let b: Vec<char> = b.chars().take(64).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let differs = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (above[j] + 1)
                .min(row[j - 1] + 1)
                .min(above[j - 1] + differs);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(before[j - 2] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        assert!(RESERVED.is_sorted() && NEEDS_AS.is_sorted() && NO_FUNCTION.is_sorted());
    }

    #[test]
    fn suggests_the_nearest_word() {
        let words = ["partitions", "latency", "topic"];
        assert_eq!(suggest("partions", words), Some("partitions"));
        assert_eq!(suggest("tpoic", words), Some("topic"));
        assert_eq!(suggest("warehouse", words), None);
    }
}
