//! Projections: a table made of events, its checkpoint, and making it again.

mod common;

use common::{facts, finished, rows};
use proptest::prelude::*;
use tidewire_engine::{Choices, Fact};

/// Two projections of the same events, with crashes; one is rebuilt, the other never.
const TWICE: &str = "
event Paid(id int, amount int);
broker bus log { topic payments partitions 3; }
database paid_db relational { create table paid (id serial primary key, amount int not null); }
database kept_db relational {
  create table sums (bucket int primary key, total int not null);
  create table live (bucket int primary key, total int not null);
}
service till owns paid_db {
  command Pay(amount int) {
    insert into paid (amount) values (:amount) returning id;
    publish Paid(id => :id, amount => :amount) to payments key :id;
    reply ();
  }
}
projection rebuilt from payments into kept_db {
  on Paid {
    insert into sums values (:id % 4, :amount) on conflict (bucket) do update set total = sums.total + excluded.total;
  }
}
projection steady from payments into kept_db {
  on Paid {
    insert into live values (:id % 4, :amount) on conflict (bucket) do update set total = live.total + excluded.total;
  }
}
client payers users 4 requests 24 {
  think 0us to 20ms;
  call till.Pay(amount => random(1, 9)) timeout 1s;
}
client operator users 1 requests 2 {
  think 40ms to 90ms;
  call rebuilt.Rebuild() timeout 5s;
}
fault crash rebuilt at 70ms for 15ms;
fault crash kept_db at 110ms for 10ms;
fault crash bus at 140ms for 10ms;
";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Every event counts once, however often it came, and a table made again says the same.
    #[test]
    fn a_rebuilt_projection_equals_the_live_one(seed in 0_u64..10_000, shuffled in any::<bool>()) {
        let choices = if shuffled { Choices::Shuffle(seed) } else { Choices::Canonical };
        let (run, trace) = finished(TWICE, seed, choices);
        let rewound = facts(&trace, |fact| match fact {
            Fact::OffsetCommitted { offset: 0, .. } => Some(()),
            _ => None,
        });
        prop_assert!(!rewound.is_empty());
        prop_assert!(!rows(&run, 1, "live").is_empty());
        prop_assert_eq!(rows(&run, 1, "sums"), rows(&run, 1, "live"));
    }
}

#[test]
fn reactors_are_silent_while_a_projection_is_made_again() {
    let scenario = |reactors: &str| {
        format!(
            "event E(n int); event Told(n int);
            broker bus log {{ topic events; topic told; }}
            database db relational {{ create table seen (n int primary key); }}
            service s {{ command Say(n int) {{ publish E(n => :n) to events; reply (); }} }}
            projection p from events into db {reactors} {{
              on E {{ insert into seen values (:n); publish Told(n => :n) to told; }}
            }}
            client c users 1 requests 1 {{
              call s.Say(n => 1); call s.Say(n => 2);
              wait 50ms;
              call p.Rebuild() timeout 1s;
              call s.Say(n => 3);
            }}"
        )
    };
    for (reactors, times) in [("", 5), ("reactors off", 3)] {
        let (run, trace) = finished(&scenario(reactors), 1, Choices::Canonical);
        let told = facts(&trace, |fact| match fact {
            Fact::Appended { label, .. } if label.starts_with("Told") => Some(()),
            _ => None,
        });
        assert_eq!(
            (told.len(), rows(&run, 0, "seen").len()),
            (times, 3),
            "{reactors}"
        );
    }
}
