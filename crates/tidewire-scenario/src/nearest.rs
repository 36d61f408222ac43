//! Finding what a misspelt name probably meant.

/// The candidate nearest to `name` by edit distance without regard to case, if it is near enough to be meant.
///
/// At most a third of the letters may differ, and never more than three; of several the first in order wins.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let wanted: Vec<char> = name.to_lowercase().chars().take(LONGEST).collect();
    let limit = (wanted.len() / 3).clamp(1, 3);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let letters: Vec<char> = candidate.to_lowercase().chars().take(LONGEST).collect();
        let distance = distance(&wanted, &letters);
        let is_better = best.is_none_or(|(least, _)| distance < least);
        if distance <= limit && is_better {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Names are compared by so many letters; longer ones would cost quadratic time.
const LONGEST: usize = 64;

/// Optimal string alignment distance: insert, delete, replace, or swap two neighbours.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(above[j] + 1).min(row[j - 1] + 1);
            let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if swapped {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_typing_errors_and_refuses_strangers() {
        let known = ["orders", "inventory", "payments"];
        assert_eq!(nearest("order", known), Some("orders"));
        assert_eq!(nearest("Ordesr", known), Some("orders"));
        assert_eq!(nearest("invetnory", known), Some("inventory"));
        assert_eq!(nearest("shipping", known), None);
        assert_eq!(nearest("x", ["y", "xy"]), Some("y"));
    }
}
