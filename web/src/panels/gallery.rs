//! The Gallery panel: all lessons by group, and a field that finds some of them.

use tidewire_session::gallery::{self, Lesson};
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::format::counted;
use crate::icons::{Icon, holds_mark, icon, pending_mark, sized_icon, unjudged_mark};
use crate::progress::{Progress, Standing};
use crate::shared::Shared;

/// What the panel shows and whom it tells.
#[derive(Clone, PartialEq, Properties)]
pub(crate) struct GalleryProps {
    /// The lessons, in the order in which they are shown.
    #[prop_or_else(gallery::in_order)]
    pub(crate) lessons: Vec<&'static Lesson>,
    /// The lesson that is open: its folder's name.
    pub(crate) current: Option<AttrValue>,
    /// How far one has come.
    pub(crate) progress: Shared<Progress>,
    /// Whether the open lesson's text was changed.
    #[prop_or_default]
    pub(crate) edited: bool,
    /// A lesson was chosen: its folder's name.
    pub(crate) on_open: Callback<&'static str>,
}

/// The panel.
#[component]
pub(crate) fn GalleryPanel(props: &GalleryProps) -> Html {
    let sought = use_state(String::new);
    let found = matching(&props.lessons, &sought);
    let set_sought = sought.setter();
    let clear = Callback::from(move |_: MouseEvent| set_sought.set(String::new()));
    html! {
        <section class="gallery" aria-label="Gallery">
            <SearchField count={props.lessons.len()} sought={(*sought).clone()} on_change={
                let set_sought = sought.setter();
                Callback::from(move |text: String| set_sought.set(text))
            } />
            <div class="vh" role="status">
                if !sought.trim().is_empty() { { counted(found.len(), "lesson") } }
            </div>
            <div class="gallery-list scroll">
                { for groups(&found).into_iter().map(|(group, lessons)| group_of(props, group, &lessons)) }
                if found.is_empty() {
                    <div class="empty">
                        <b>{ "No lesson matches." }</b>
                        <p>{ "Words are sought in titles, groups and designs." }</p>
                        <button type="button" class="btn line small" onclick={clear}>{ "Show all lessons" }</button>
                    </div>
                }
            </div>
            { done_of(props) }
        </section>
    }
}

/// How many lessons are done, in words and as a bar.
fn done_of(props: &GalleryProps) -> Html {
    let all = props.lessons.len();
    let is_done = |lesson: &&&'static Lesson| props.progress.of(lesson) == Standing::Done;
    let done = props.lessons.iter().filter(is_done).count();
    let width = (done * 100).checked_div(all).unwrap_or(0);
    html! {
        <div class="gallery-foot">
            <span>{ format!("{done} of {all} done") }</span>
            <svg class="gallery-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
                <rect class="bar-all" width="100" height="4" />
                <rect class="bar-done" width={width.to_string()} height="4" />
            </svg>
        </div>
    }
}

fn group_of(props: &GalleryProps, group: &'static str, lessons: &[&'static Lesson]) -> Html {
    html! {
        <section key={group} class="gallery-group">
            <h2>{ group }</h2>
            <ul>{ for lessons.iter().map(|lesson| lesson_of(props, lesson)) }</ul>
        </section>
    }
}

fn lesson_of(props: &GalleryProps, lesson: &'static Lesson) -> Html {
    let is_current = props.current.as_deref() == Some(lesson.slug);
    let open = props.on_open.reform(|_: MouseEvent| lesson.slug);
    let standing = props.progress.of(lesson);
    html! {
        <li key={lesson.slug}>
            <button type="button" class="lesson" data-standing={standing.words()} aria-current={is_current.then_some("true")} onclick={open}>
                { mark_of(standing) }
                <span class="lesson-title">
                    { lesson.title }
                    if lesson.is_warning() {
                        <span class="lesson-avoid" title="Shows what goes wrong"><span class="vh">{ ", " }</span>{ "avoid" }</span>
                    }
                    if is_current && props.edited {
                        <span class="lesson-edited"><span class="vh">{ ", " }</span>{ "edited" }</span>
                    }
                </span>
                <span class="vh">{ format!(", {}: ", standing.words()) }</span>
                <span class="lesson-promise">{ lesson.promise }</span>
            </button>
        </li>
    }
}

fn mark_of(standing: Standing) -> Html {
    match standing {
        Standing::NotStarted => unjudged_mark(),
        Standing::InProgress => pending_mark(),
        Standing::Done => holds_mark(),
    }
}

#[derive(Clone, PartialEq, Properties)]
struct SearchProps {
    count: usize,
    sought: String,
    on_change: Callback<String>,
}

/// The field, with a button that empties it; Escape does so too.
#[component]
fn SearchField(props: &SearchProps) -> Html {
    let field = use_node_ref();
    let on_change = props.on_change.clone();
    let typed = Callback::from(move |event: InputEvent| {
        if let Some(field) = event.target_dyn_into::<HtmlInputElement>() {
            on_change.emit(field.value());
        }
    });
    let (on_change, is_empty) = (props.on_change.clone(), props.sought.is_empty());
    let pressed = Callback::from(move |event: KeyboardEvent| {
        if event.key() == "Escape" && !is_empty {
            event.prevent_default();
            event.stop_propagation();
            on_change.emit(String::new());
        }
    });
    let (on_change, node) = (props.on_change.clone(), field.clone());
    let clear = Callback::from(move |_: MouseEvent| {
        on_change.emit(String::new());
        if let Some(field) = node.cast::<HtmlInputElement>() {
            // The field stays in the page, so the focus has where to go.
            let _ = field.focus();
        }
    });
    let label = format!("Search {}", counted(props.count, "lesson"));
    html! {
        <div class="search-field" role="search">
            { icon(Icon::Lens) }
            <input ref={field} id="lesson-search" type="text" aria-label={label.clone()} placeholder={label} autocomplete="off"
                spellcheck="false" value={props.sought.clone()} oninput={typed} onkeydown={pressed} />
            if !props.sought.is_empty() {
                <button type="button" class="btn ico small" aria-label="Clear the search" onclick={clear}>
                    { sized_icon(Icon::Close, "14") }
                </button>
            } else {
                <kbd class="kbd" aria-hidden="true">{ "Ctrl K" }</kbd>
            }
        </div>
    }
}

/// Lessons that contain every word, whatever its case.
fn matching(lessons: &[&'static Lesson], sought: &str) -> Vec<&'static Lesson> {
    let words: Vec<String> = sought.split_whitespace().map(str::to_lowercase).collect();
    let matches = |lesson: &&&'static Lesson| {
        let designs = lesson.designs.iter().map(|design| design.name);
        let texts = [lesson.title, lesson.group, lesson.promise]
            .into_iter()
            .chain(designs);
        let text = texts.collect::<Vec<_>>().join(" ").to_lowercase();
        words.iter().all(|word| text.contains(word.as_str()))
    };
    lessons.iter().filter(matches).copied().collect()
}

/// Lessons under their headings; a heading stands where its first lesson does.
fn groups(lessons: &[&'static Lesson]) -> Vec<(&'static str, Vec<&'static Lesson>)> {
    let mut groups: Vec<(&'static str, Vec<&'static Lesson>)> = Vec::new();
    for lesson in lessons {
        match groups.iter_mut().find(|(group, _)| *group == lesson.group) {
            Some((_, members)) => members.push(lesson),
            None => groups.push((lesson.group, vec![lesson])),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use tidewire_session::gallery::LessonDesign;

    use super::*;

    const fn lesson(
        title: &'static str,
        group: &'static str,
        designs: &'static [LessonDesign],
    ) -> Lesson {
        Lesson {
            slug: title,
            title,
            group,
            promise: "The event commits with the row",
            order: 0,
            designs,
        }
    }

    static SHARED: Lesson = lesson(
        "Shared database",
        "Who owns the data",
        &[LessonDesign {
            name: "Shared database",
            holds: false,
        }],
    );
    static OUTBOX: Lesson = lesson(
        "Outbox",
        "Publish a change",
        &[LessonDesign {
            name: "Dual write",
            holds: false,
        }],
    );
    static OWN: Lesson = lesson("Database per service", "Who owns the data", &[]);

    fn titles(lessons: &[&'static Lesson]) -> Vec<&'static str> {
        lessons.iter().map(|lesson| lesson.title).collect()
    }

    #[test]
    fn every_word_must_occur_somewhere() {
        let all = [&SHARED, &OUTBOX, &OWN];
        assert_eq!(
            titles(&matching(&all, "  DATA base ")),
            ["Shared database", "Database per service"]
        );
        assert_eq!(titles(&matching(&all, "dual")), ["Outbox"]);
        assert_eq!(titles(&matching(&all, "row dual base")), [""; 0]);
        assert_eq!(matching(&all, "").len(), 3);
    }

    #[test]
    fn a_group_stands_where_its_first_lesson_does() {
        let grouped = groups(&[&SHARED, &OUTBOX, &OWN]);
        let headings: Vec<&str> = grouped.iter().map(|(group, _)| *group).collect();
        assert_eq!(headings, ["Who owns the data", "Publish a change"]);
        assert_eq!(
            titles(&grouped[0].1),
            ["Shared database", "Database per service"]
        );
    }

    #[test]
    fn a_lesson_named_after_a_broken_design_is_a_warning() {
        assert!(SHARED.is_warning());
        assert!(!OUTBOX.is_warning());
    }
}
