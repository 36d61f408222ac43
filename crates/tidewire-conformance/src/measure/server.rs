//! A private PostgreSQL 15: a folder of its own below the temporary one, a socket in it, no network, and an end
//! that comes whatever happens.
//!
//! A keeper, a shell in a process group of its own, waits for the end of its standard input. That comes when the
//! [`PrivateServer`] is dropped, and as well when this process is killed; then the keeper stops the server and
//! removes the folder.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use super::client::{Client, ClientError};

/// When a session that waits looks for a deadlock, in milliseconds.
pub const DEADLOCK_TIMEOUT_MS: u64 = 20;
/// The name of the database and its owner.
const OWNER: &str = "tidewire";
/// Where Debian's package puts the programs.
const DEBIAN_FOLDER: &str = "/usr/lib/postgresql/15/bin";
/// Behind the folder of the server.
const KEEPER: &str = "cat >/dev/null; \"$1/pg_ctl\" -D \"$2/data\" -m immediate -w stop >/dev/null 2>&1; rm -rf \"$2\"";

/// Why there is no private server.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The programs are missing.
    #[error(
        "PostgreSQL 15 is not here: `initdb`, `pg_ctl` and `postgres` of that version are neither on PATH nor in \
         {DEBIAN_FOLDER}. Install it (Debian: apt-get install postgresql-15) or put its folder on PATH"
    )]
    Missing,
    /// Root starts the server as another user, and there is none.
    #[error(
        "PostgreSQL refuses to run as root, and there is neither a user `postgres` nor `nobody`"
    )]
    NoUser,
    /// A program of the server failed.
    #[error("{program} failed: {output}")]
    Failed {
        /// Its name.
        program: &'static str,
        /// What it said.
        output: String,
    },
    /// A file or process could not be handled.
    #[error("the private server: {0}")]
    Io(#[from] io::Error),
    /// It does not answer.
    #[error("the private server: {0}")]
    Client(#[from] ClientError),
}

/// A running PostgreSQL 15 that nobody else uses. It is gone when this is dropped.
#[derive(Debug)]
pub struct PrivateServer {
    folder: PathBuf,
    keeper: Child,
}

impl PrivateServer {
    /// Are the programs of PostgreSQL 15 here?
    pub fn is_possible() -> bool {
        programs().is_some()
    }

    /// Makes and starts one, without durability, with a `deadlock_timeout` of [`DEADLOCK_TIMEOUT_MS`].
    ///
    /// # Errors
    /// When PostgreSQL 15 is missing or does not start.
    pub fn start() -> Result<Self, ServerError> {
        let programs = programs().ok_or(ServerError::Missing)?;
        let user = User::for_server()?;
        let folder = fresh_folder(&user)?;
        // From here on the keeper clears away, also when a later step fails.
        let mut keeper = Command::new("sh");
        keeper
            .args(["-c", KEEPER, "keeper"])
            .arg(&programs)
            .arg(&folder);
        keeper
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let keeper = user.run(keeper.process_group(0)).spawn()?;
        let server = PrivateServer { folder, keeper };
        server.create(&programs, &user)?;
        Ok(server)
    }

    fn create(&self, programs: &Path, user: &User) -> Result<(), ServerError> {
        let data = self.folder.join("data");
        let mut initdb = Command::new(programs.join("initdb"));
        initdb.arg("-D").arg(&data);
        initdb.args([
            "-U",
            OWNER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-locale",
            "--no-sync",
        ]);
        finish("initdb", user.run(&mut initdb))?;
        let mut start = Command::new(programs.join("pg_ctl"));
        start
            .arg("-D")
            .arg(&data)
            .arg("-l")
            .arg(self.folder.join("log"));
        start.args(["-w", "-o"]).arg(self.settings()).arg("start");
        finish("pg_ctl start", user.run(&mut start))?;
        self.connect_to("postgres")?
            .command(&format!("create database {OWNER}"))?;
        Ok(())
    }

    fn settings(&self) -> String {
        let settings = [
            "listen_addresses=''".to_string(),
            format!("unix_socket_directories='{}'", self.folder.display()),
            format!("deadlock_timeout={DEADLOCK_TIMEOUT_MS}ms"),
            "max_prepared_transactions=20".to_string(),
            "max_connections=40".to_string(),
            "autovacuum=off".to_string(),
            "fsync=off".to_string(),
            "full_page_writes=off".to_string(),
            "synchronous_commit=off".to_string(),
            "shared_buffers=16MB".to_string(),
            "timezone=UTC".to_string(),
        ];
        settings.map(|setting| format!("-c {setting}")).join(" ")
    }

    /// Opens a connection.
    ///
    /// # Errors
    /// When the server does not accept it.
    pub fn connect(&self) -> Result<Client, ClientError> {
        self.connect_to(OWNER)
    }

    fn connect_to(&self, database: &str) -> Result<Client, ClientError> {
        Client::connect(&self.folder.join(".s.PGSQL.5432"), OWNER, database)
    }

    /// The folder of the socket, as libpq's `host` takes it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for PrivateServer {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // Waiting tells that the folder is gone; there is nothing to be done about a keeper that failed.
        let _ = self.keeper.wait();
    }
}

/// The folder with the programs of version 15.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from(DEBIAN_FOLDER)]);
    let mut complete = folders.filter(|folder| {
        ["initdb", "pg_ctl", "postgres"]
            .iter()
            .all(|program| folder.join(program).is_file())
    });
    complete.find(|folder| {
        let version = Command::new(folder.join("postgres"))
            .arg("--version")
            .output();
        version.is_ok_and(|output| {
            String::from_utf8_lossy(&output.stdout).starts_with("postgres (PostgreSQL) 15.")
        })
    })
}

/// A folder that only the server's user reads.
fn fresh_folder(user: &User) -> Result<PathBuf, ServerError> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("tidewire-postgres-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    std::os::unix::fs::DirBuilderExt::mode(&mut std::fs::DirBuilder::new(), 0o700)
        .create(&folder)?;
    if let Some((uid, gid)) = user.0 {
        std::os::unix::fs::chown(&folder, Some(uid), Some(gid))?;
    }
    Ok(folder)
}

/// Who runs the server: ourselves, or for root an ordinary user, by user and group id.
struct User(Option<(u32, u32)>);

impl User {
    fn for_server() -> Result<User, ServerError> {
        if id(&["-u"])? != Some(0) {
            return Ok(User(None));
        }
        for name in ["postgres", "nobody"] {
            if let (Some(uid), Some(gid)) = (id(&["-u", name])?, id(&["-g", name])?) {
                return Ok(User(Some((uid, gid))));
            }
        }
        Err(ServerError::NoUser)
    }

    fn run<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        if let Some((uid, gid)) = self.0 {
            command.uid(uid).gid(gid);
        }
        command.current_dir("/")
    }
}

fn id(arguments: &[&str]) -> io::Result<Option<u32>> {
    let output = Command::new("id").args(arguments).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse().ok())
}

fn finish(program: &'static str, command: &mut Command) -> Result<(), ServerError> {
    // Not `output`: the server keeps what it inherits open, and waiting for its end would take for ever.
    let log = std::env::temp_dir().join(format!("tidewire-postgres-{}.txt", std::process::id()));
    let file = std::fs::File::create(&log)?;
    let status = command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .status();
    let output = std::fs::read_to_string(&log).unwrap_or_default();
    let _ = std::fs::remove_file(&log);
    if status?.success() {
        return Ok(());
    }
    Err(ServerError::Failed {
        program,
        output: output.trim().to_string(),
    })
}
