//! What the tests share: findings as text, and a handler's code as a listing.
#![allow(dead_code)] // each test file uses its own part

use expect_test::Expect;
use tidewire_scenario::{CacheOperation, Compiled, Handler, Instruction, Program, compile};
use tidewire_syntax::{Diagnostic, LineColumn, Severity, parse};

/// Compiles a text in its first design.
pub(crate) fn compiled(text: &str) -> Compiled {
    compile(&parse(text), None)
}

/// The program of a text that must be right; warnings are allowed.
pub(crate) fn program(text: &str) -> Program {
    let compiled = compiled(text);
    let findings = render(text, &compiled.diagnostics);
    compiled.program.unwrap_or_else(|| panic!("{findings}"))
}

/// Compares everything found in a text.
pub(crate) fn check(text: &str, expected: Expect) {
    let compiled = compiled(text);
    let has_error = compiled
        .diagnostics
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    assert_eq!(
        compiled.program.is_none(),
        has_error,
        "a program exactly when there is no error"
    );
    expected.assert_eq(&render(text, &compiled.diagnostics));
}

/// Compares what is found in a text that follows [`SHOP`], and in it alone; lines count from the text's own first line.
pub(crate) fn check_in_shop(text: &str, expected: Expect) {
    let lines = SHOP.lines().count() as u32;
    let whole = format!("{SHOP}{text}");
    let compiled = compiled(&whole);
    let found: Vec<String> = compiled
        .diagnostics
        .iter()
        .filter(|finding| finding.span.start as usize >= SHOP.len())
        .map(|finding| render_one(&whole, finding, lines))
        .collect();
    expected.assert_eq(&found.concat());
}

/// Two databases with their owners, an event and a topic.
pub(crate) const SHOP: &str = "\
event Placed(order_id int, sku text);
broker bus log { topic orders_topic partitions 3; }
database orders_db relational {
  create table orders (id serial primary key, sku text not null, qty int not null default 1, note text);
}
database stock_db relational {
  create table stock (sku text primary key, on_hand int not null);
  insert into stock values ('mug', 3);
}
service ordering owns orders_db {
  command Place(sku text, qty int) {
    insert into orders (sku, qty) values (:sku, :qty) returning id;
    reply (id => :id, sku => :sku);
  }
  query Find(id int) {
    select sku, qty from orders where id = :id;
    reply (sku => :sku, qty => :qty);
  }
}
";

/// One finding a line: `line:col severity code message / hint`.
pub(crate) fn render(text: &str, findings: &[Diagnostic]) -> String {
    findings
        .iter()
        .map(|finding| render_one(text, finding, 0))
        .collect()
}

fn render_one(text: &str, finding: &Diagnostic, skipped: u32) -> String {
    let place = LineColumn::of(text, finding.span.start);
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let hint = finding
        .hint
        .as_deref()
        .map_or(String::new(), |hint| format!(" / {hint}"));
    let fix = finding
        .fix
        .as_ref()
        .map_or(String::new(), |fix| format!(" [{}]", fix.title));
    let line = i64::from(place.line) - i64::from(skipped);
    let (column, code, message) = (place.column, finding.code, &finding.message);
    format!("{line}:{column} {severity} {code}: {message}{hint}{fix}\n")
}

/// A handler's code, one instruction a line.
pub(crate) fn listing(text: &str, program: &Program, name: &str) -> String {
    let handler = program
        .handlers
        .iter()
        .find(|handler| &*handler.name == name)
        .unwrap_or_else(|| panic!("no handler {name}"));
    let lines = handler.code.iter().zip(&handler.spans).enumerate();
    lines
        .map(|(at, (instruction, span))| {
            let words = span
                .text(text)
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ");
            format!(
                "{at} {}\n",
                instruction_text(program, handler, instruction, &words)
            )
        })
        .collect()
}

fn instruction_text(
    program: &Program,
    handler: &Handler,
    instruction: &Instruction,
    words: &str,
) -> String {
    let slot = |slot: &tidewire_scenario::SlotId| handler.slot_names[slot.index()].to_string();
    let slots =
        |list: &[tidewire_scenario::SlotId]| list.iter().map(slot).collect::<Vec<_>>().join(", ");
    let database = |id: &tidewire_scenario::StatementId| {
        let statement = &program.statements[id.index()];
        program.databases[statement.database.index()].name.clone()
    };
    match instruction {
        Instruction::Statement(id) => {
            let outputs = slots(&program.statements[id.index()].outputs);
            let outputs = if outputs.is_empty() {
                outputs
            } else {
                format!(" -> {outputs}")
            };
            format!(
                "{}: {}{outputs}",
                database(id),
                program.statements[id.index()].text
            )
        }
        Instruction::Call(site) => {
            let outputs: Vec<String> = site
                .outputs
                .iter()
                .map(|(name, to)| format!("{name} -> {}", slot(to)))
                .collect();
            format!(
                "call {}.{} ({} arguments, {} us, {} retries) {}",
                program.services[site.service.index()].name,
                program.handlers[site.handler.index()].name,
                site.arguments.len(),
                site.timeout_us,
                site.retries,
                outputs.join(", ")
            )
        }
        Instruction::Publish(site) => format!(
            "publish {} to {}{}",
            program.events[site.event.index()].name,
            program.topics[site.topic.index()].name,
            if site.key.is_some() { " by key" } else { "" }
        ),
        Instruction::PublishRow(row) => format!(
            "publish row {}",
            slots(&[row.id, row.topic, row.key, row.event, row.payload])
        ),
        Instruction::Set(to, _) => format!("{} := {words}", slot(to)),
        Instruction::Draw(to, draw) => format!("{} := draw {} of {words}", slot(to), draw.site),
        Instruction::Unless(_, label) => format!("unless {words} go to {}", label.0),
        Instruction::Jump(label) => format!("go to {}", label.0),
        Instruction::OpenCursor(id, cursor) => format!(
            "{}: cursor {cursor}: {}",
            database(id),
            program.statements[id.index()].text
        ),
        Instruction::NextRow {
            cursor,
            outputs,
            done,
        } => {
            format!(
                "next of cursor {cursor} -> {} or go to {}",
                slots(outputs),
                done.0
            )
        }
        Instruction::Rewind => "rewind".into(),
        Instruction::Abort(name) => format!("abort {name}"),
        Instruction::Fail(name, message) => format!(
            "fail {name}{}",
            if message.is_some() { " with text" } else { "" }
        ),
        Instruction::Reply(fields) => {
            let names: Vec<&str> = fields.iter().map(|(name, _)| &**name).collect();
            format!("reply {}", names.join(", "))
        }
        Instruction::Wait(delay) => format!("wait {delay:?}"),
        Instruction::Cache(access) => match &access.operation {
            CacheOperation::Get(outputs) => format!("get {} -> {}", access.cache, slots(outputs)),
            CacheOperation::Put { .. } => format!("put {}", access.cache),
            CacheOperation::Delete => format!("delete {}", access.cache),
        },
        Instruction::JoinFlight(flight) => format!("join or fly to {}", flight.end.0),
        Instruction::LandFlight => "land".to_owned(),
        Instruction::BeginUnit(to) => format!("{} := 1", slot(to)),
        Instruction::Fork(branches, end) => {
            let starts: Vec<String> = branches.iter().map(|it| it.start.0.to_string()).collect();
            format!("fork {} then {}", starts.join(", "), end.0)
        }
        Instruction::EndBranch => "end branch".to_owned(),
        Instruction::End => "end".to_owned(),
    }
}
