//! Who holds and who waits for which lock. What somebody waits for comes first, with bars on one scale of time.

use tidewire_session::store_view::{LockGroup, LockLine};
use yew::prelude::*;

use crate::format::{counted, grouped, milliseconds};

/// The locks of a store at the playhead.
pub(super) fn locks(groups: &[LockGroup], at_us: u64) -> Html {
    let (contested, quiet): (Vec<&LockGroup>, Vec<&LockGroup>) =
        groups.iter().partition(|group| group.contested);
    let (ordinary, telling): (Vec<&LockGroup>, Vec<&LockGroup>) =
        quiet.into_iter().partition(|group| group.ordinary);
    html! {
        <>
            { for contested.iter().map(|group| contest(group, at_us)) }
            if !telling.is_empty() { { others("Locks that nobody waits for", &telling, at_us) } }
            if contested.is_empty() && telling.is_empty() {
                <section>
                    <h3 class="inspector-section">{ "Locks" }</h3>
                    <p class="inspector-text quiet">{ "No row is locked, and nobody waits." }</p>
                </section>
            }
            if !ordinary.is_empty() {
                <details class="versions">
                    <summary>{ format!("{} that every statement takes", counted(ordinary.len(), "table lock")) }</summary>
                    { table("Table locks that every statement takes", &ordinary, at_us) }
                </details>
            }
        </>
    }
}

/// Bars for all who hold or want the same thing; the scale ends at the playhead.
fn contest(group: &LockGroup, at_us: u64) -> Html {
    let first_us = group.lines.iter().map(|line| line.since_us).min();
    let first_us = first_us.unwrap_or(at_us);
    let line = |line: &LockLine| {
        let lasted = milliseconds(at_us.saturating_sub(line.since_us));
        html! {
            <li class={if line.granted { "holds" } else { "waits" }}>
                <code>{ holder(line) }</code>
                { bar(first_us, line.since_us, at_us) }
                <span>{ format!("{}, {lasted}", if line.granted { "holds" } else { "waits" }) }</span>
                <small>{ in_words(line) }</small>
            </li>
        }
    };
    html! {
        <section>
            <h3 class="inspector-section">
                { "Locks on " }<code>{ &group.what }</code>
                <span>{ format!("{} to {}", grouped(first_us / 1000), milliseconds(at_us)) }</span>
            </h3>
            <ul class="locks">{ for group.lines.iter().map(line) }</ul>
        </section>
    }
}

/// `T-72`; a lock of a session outside a transaction has no number.
fn holder(line: &LockLine) -> String {
    line.transaction
        .map_or_else(|| "session".to_owned(), |number| format!("T-{number}"))
}

/// `bank, FOR UPDATE, waits for T-72`
fn in_words(line: &LockLine) -> String {
    let mut words = match line.service.is_empty() {
        true => line.mode.clone(),
        false => format!("{}, {}", line.service, line.mode),
    };
    let holders = line.waits_for.iter();
    let holders: Vec<String> = holders.map(|number| format!("T-{number}")).collect();
    if !holders.is_empty() {
        words = format!("{words}, waits for {}", holders.join(" and "));
    }
    words
}

/// Locks that nobody waits for.
fn others(label: &'static str, groups: &[&LockGroup], at_us: u64) -> Html {
    let count = groups.iter().map(|group| group.lines.len()).sum();
    html! {
        <section>
            <h3 class="inspector-section">{ "Locks" }<span>{ format!("{} that nobody waits for", counted(count, "lock")) }</span></h3>
            { table(label, groups, at_us) }
        </section>
    }
}

fn table(label: &'static str, groups: &[&LockGroup], at_us: u64) -> Html {
    let lines = groups
        .iter()
        .flat_map(|group| group.lines.iter().map(|line| (&group.what, line)));
    let row = |(what, line): (&String, &LockLine)| {
        let lasted = milliseconds(at_us.saturating_sub(line.since_us));
        html! {
            <tr>
                <td><b>{ holder(line) }</b></td>
                <td>{ what }</td>
                <td>{ &line.mode }</td>
                <td class="n">{ lasted }</td>
            </tr>
        }
    };
    html! {
            <div class="data-scroll scroll" role="region" tabindex="0" aria-label={label}>
                <table class="dt lock-table">
                    <caption class="vh">{ label }</caption>
                    <thead>
                        <tr>
                            <th scope="col">{ "tx" }</th>
                            <th scope="col">{ "locks" }</th>
                            <th scope="col">{ "mode" }</th>
                            <th scope="col" class="n">{ "for" }</th>
                        </tr>
                    </thead>
                    <tbody>{ for lines.map(row) }</tbody>
                </table>
            </div>
    }
}

fn bar(first_us: u64, since_us: u64, at_us: u64) -> Html {
    let whole = at_us.saturating_sub(first_us).max(1);
    let start = (since_us.saturating_sub(first_us) * 100 / whole).min(98);
    html! {
        <svg class="lock-bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
            <rect class="lock-track" width="100" height="8" />
            <rect class="lock-span" x={start.to_string()} width={(100 - start).to_string()} height="8" />
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_told_in_words() {
        let mut line = LockLine {
            transaction: Some(74),
            service: "ordering".to_owned(),
            mode: "FOR UPDATE".to_owned(),
            granted: false,
            waits_for: vec![72, 73],
            since_us: 0,
        };
        assert_eq!(
            in_words(&line),
            "ordering, FOR UPDATE, waits for T-72 and T-73"
        );
        line.waits_for.clear();
        line.service.clear();
        assert_eq!(in_words(&line), "FOR UPDATE");
    }
}
