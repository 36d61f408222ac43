//! Both sides of a case compared, and a difference made small.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::client::ClientError;
use super::grammar::draw;
use super::play::{Measurer, measure};
use super::server::ServerError;
use crate::cases::{Case, Level, Measured, Recorded};
use crate::compare::{Difference, difference};
use crate::explore::explore;
use crate::run::{Refused, run};

/// How often a smaller case is looked for.
const MAX_SHRINKS: usize = 400;
/// How often a difference is measured again before it is believed.
const MEASUREMENTS: usize = 3;

/// How a case compares at a level.
#[derive(Clone, Debug)]
pub enum Compared {
    /// The same, with the canonical choices.
    Same,
    /// The same under other choices, which PostgreSQL leaves to its scheduler.
    ByChoice,
    /// A statement lies outside our SQL.
    Outside(Refused),
    /// Not the same.
    Differs(Box<Difference>, Box<Recorded>),
}

/// A difference, as small as it could be made.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The case, with PostgreSQL's outcome: it can stand in a file of cases.
    pub case: Case,
    /// The level.
    pub level: Level,
    /// The first step that differs.
    pub difference: Difference,
}

/// A private server and the cases that are drawn for it.
#[derive(Debug)]
pub struct Examiner {
    measurer: Measurer,
    seed: u64,
    world: Option<String>,
}

impl Examiner {
    /// Starts a server. Case `n` of a seed is always the same; with a world, it is of that one.
    ///
    /// # Errors
    /// When there is no server.
    pub fn start(seed: u64, world: Option<&str>) -> Result<Self, ServerError> {
        let measurer = Measurer::start()?;
        Ok(Examiner {
            measurer,
            seed,
            world: world.map(str::to_string),
        })
    }

    fn tree(&self, number: u64) -> Result<impl ValueTree<Value = Case> + use<>, ClientError> {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        seed[8..16].copy_from_slice(&number.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        let strategy = draw(self.world.as_deref(), number);
        strategy.new_tree(&mut runner).map_err(|reason| {
            ClientError::Io(std::io::Error::other(format!(
                "no case could be drawn: {reason}"
            )))
        })
    }

    /// Draws case `number` and compares it at a level; a difference is made small.
    ///
    /// # Errors
    /// When the server fails.
    pub fn examine(
        &mut self,
        number: u64,
        level: Level,
    ) -> Result<Result<Compared, Finding>, ClientError> {
        let mut tree = self.tree(number)?;
        let mut found = match self.compare(&tree.current(), level)? {
            Compared::Differs(difference, recorded) => (tree.current(), difference, recorded),
            compared => return Ok(Ok(compared)),
        };
        let mut smaller = tree.simplify();
        for _ in 0..MAX_SHRINKS {
            if !smaller {
                break;
            }
            let case = tree.current();
            smaller = match self.compare(&case, level)? {
                Compared::Differs(difference, recorded) => {
                    found = (case, difference, recorded);
                    tree.simplify()
                }
                _ => tree.complicate(),
            };
        }
        let (mut case, difference, recorded) = found;
        case.id = format!("seed-{}-{number}", self.seed);
        case.title = format!("found at {}", level.name());
        case.postgres
            .insert(level.name().to_string(), Measured::One(*recorded));
        Ok(Err(Finding {
            case,
            level,
            difference: *difference,
        }))
    }

    /// Plays a case on both sides.
    ///
    /// # Errors
    /// When the server fails.
    pub fn compare(&mut self, case: &Case, level: Level) -> Result<Compared, ClientError> {
        let ours = match run(case, level, &[]) {
            Ok(ran) => ran,
            Err(refused) => return Ok(Compared::Outside(refused)),
        };
        if let Some(refused) = ours.refused {
            return Ok(Compared::Outside(refused));
        }
        let mut last = None;
        for _ in 0..MEASUREMENTS {
            let theirs = measure(&mut self.measurer, case, level)?;
            let Some(first) = difference(case, &theirs, &ours.recorded) else {
                return Ok(Compared::Same);
            };
            let all = match explore(case, level) {
                Ok(all) => all,
                Err(refused) => return Ok(Compared::Outside(refused)),
            };
            if all
                .iter()
                .any(|ran| difference(case, &theirs, &ran.recorded).is_none())
            {
                return Ok(Compared::ByChoice);
            }
            last = Some((first, theirs));
        }
        Ok(match last {
            None => Compared::Same,
            Some((difference, theirs)) => Compared::Differs(Box::new(difference), Box::new(theirs)),
        })
    }
}
