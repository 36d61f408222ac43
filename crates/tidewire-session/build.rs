//! Writes the table of lessons from the folders of `gallery/`, so that no reader of `case.toml` ships, and a table of
//! their texts for those who want all of them at once.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let gallery = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"))
        .join("../../gallery")
        .components()
        .collect::<PathBuf>();
    println!("cargo::rerun-if-changed={}", gallery.display());
    println!("cargo::rerun-if-changed=build.rs");
    let folders = lesson_folders(&gallery);
    write_table("lessons.rs", folders.iter().map(|folder| lesson(folder)));
    write_table("cases.rs", folders.iter().map(|folder| case(folder)));
}

fn write_table(file: &str, entries: impl Iterator<Item = String>) {
    let table = format!("&[\n{}]\n", entries.collect::<String>());
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it")).join(file);
    fs::write(out, table).expect("the output folder can be written");
}

fn slug(folder: &Path) -> String {
    folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn case(folder: &Path) -> String {
    let include = |file: &str| {
        format!(
            "include_str!({:?})",
            folder.join(file).display().to_string()
        )
    };
    format!(
        "Case {{ slug: {:?}, scenario: {}, case: {} }},\n",
        slug(folder),
        include("scenario.tide"),
        include("case.toml"),
    )
}

fn lesson_folders(gallery: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir(gallery)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.join("case.toml").is_file() && path.join("scenario.tide").is_file())
        .collect();
    folders.sort();
    folders
}

fn lesson(folder: &Path) -> String {
    let case = folder.join("case.toml");
    let text = fs::read_to_string(&case).expect("case.toml can be read");
    let table: toml::Table = match text.parse() {
        Ok(table) => table,
        Err(error) => panic!("{}: {error}", case.display()),
    };
    let field = |name: &str| {
        table
            .get(name)
            .and_then(toml::Value::as_str)
            .unwrap_or_else(|| panic!("{}: {name} is missing", case.display()))
            .to_owned()
    };
    let order = table
        .get("order")
        .and_then(toml::Value::as_integer)
        .unwrap_or(100);
    let slug = slug(folder);
    let mut result = String::new();
    writeln!(
        result,
        "Lesson {{ slug: {slug:?}, title: {:?}, group: {:?}, promise: {:?}, order: {order}, designs: &[",
        field("title"),
        field("group"),
        field("promise"),
    )
    .expect("writing to a string");
    for design in table
        .get("design")
        .and_then(toml::Value::as_array)
        .into_iter()
        .flatten()
    {
        let text = |name: &str| design.get(name).and_then(toml::Value::as_str).unwrap_or("");
        let holds = text("verdict") == "holds";
        writeln!(
            result,
            "LessonDesign {{ name: {:?}, holds: {holds} }},",
            text("name")
        )
        .expect("writing to a string");
    }
    println!("cargo::rerun-if-changed={}", case.display());
    result.push_str("] },\n");
    result
}
