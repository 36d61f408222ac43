//! One connection to a server: simple queries out, answers in, without waiting where that is wanted.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use bytes::BytesMut;
use fallible_iterator::FallibleIterator as _;
use postgres_protocol::message::backend::{DataRowBody, ErrorResponseBody, Message};
use postgres_protocol::message::frontend;

/// How long an answer is waited for that must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why a connection is of no use any more.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The socket failed, or the server has closed it.
    #[error("the connection failed: {0}")]
    Io(#[from] io::Error),
    /// A statement that must succeed failed.
    #[error("{statement}: {message} ({sqlstate})")]
    Statement {
        /// The statement.
        statement: String,
        /// The code.
        sqlstate: String,
        /// The message.
        message: String,
    },
    /// Statements neither ended nor waited for a lock.
    #[error("neither done nor waiting after a long time: {0}")]
    Stuck(String),
    /// The server did not answer in time.
    #[error("no answer within {} s", PATIENCE.as_secs())]
    Silent,
}

/// What a statement came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// It was carried out.
    Done {
        /// The command tag.
        tag: String,
        /// The columns and rows of a query.
        table: Option<Table>,
    },
    /// It failed.
    Failed {
        /// The code.
        sqlstate: String,
        /// The primary message.
        message: String,
    },
}

/// Rows as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Names and type ids (`pg_type.oid`) of the columns.
    pub columns: Vec<(String, u32)>,
    /// The rows.
    pub rows: Vec<Vec<Option<String>>>,
}

/// A connection.
#[derive(Debug)]
pub struct Client {
    stream: UnixStream,
    input: BytesMut,
    process: i32,
    table: Option<Table>,
    /// What the query under way came to so far.
    responses: Vec<Response>,
    busy: bool,
}

impl Client {
    /// Connects to the socket at `path`.
    ///
    /// # Errors
    /// When there is no server, or it refuses.
    pub fn connect(path: &Path, user: &str, database: &str) -> Result<Client, ClientError> {
        let mut client = Client {
            stream: UnixStream::connect(path)?,
            input: BytesMut::new(),
            process: 0,
            table: None,
            responses: Vec::new(),
            busy: true,
        };
        let mut message = BytesMut::new();
        let parameters = [
            ("user", user),
            ("database", database),
            ("client_encoding", "UTF8"),
        ];
        frontend::startup_message(parameters, &mut message)?;
        client.stream.write_all(&message)?;
        client.finish("connect")?;
        Ok(client)
    }

    /// The id of the process that serves it.
    pub fn process(&self) -> i32 {
        self.process
    }

    /// Sends a simple query. The one before must be done.
    ///
    /// # Errors
    /// When the connection is broken.
    pub fn send(&mut self, query: &str) -> Result<(), ClientError> {
        let mut message = BytesMut::new();
        frontend::query(query, &mut message)?;
        self.responses.clear();
        self.busy = true;
        self.stream.write_all(&message)?;
        Ok(())
    }

    /// Is its query still under way? Waits up to `patience` for its end.
    ///
    /// # Errors
    /// When the connection is broken.
    pub fn is_busy(&mut self, patience: Duration) -> Result<bool, ClientError> {
        while self.busy {
            // A timeout of zero would mean to wait for ever.
            self.stream
                .set_read_timeout(Some(patience.max(Duration::from_micros(1))))?;
            let mut buffer = [0; 16 * 1024];
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Ok(length) => self.input.extend_from_slice(&buffer[..length]),
                Err(error) if is_timeout(&error) => break,
                Err(error) => return Err(error.into()),
            }
            while let Some(message) = Message::parse(&mut self.input)? {
                self.take(message)?;
            }
        }
        Ok(self.busy)
    }

    fn take(&mut self, message: Message) -> Result<(), ClientError> {
        match message {
            Message::BackendKeyData(body) => self.process = body.process_id(),
            Message::RowDescription(body) => {
                let columns = body
                    .fields()
                    .map(|field| Ok((field.name().to_string(), field.type_oid())));
                self.table = Some(Table {
                    columns: columns.collect()?,
                    rows: Vec::new(),
                });
            }
            Message::DataRow(body) => {
                let row = row(&body)?;
                if let Some(table) = &mut self.table {
                    table.rows.push(row);
                }
            }
            Message::CommandComplete(body) => {
                let (tag, table) = (body.tag()?.to_string(), self.table.take());
                self.responses.push(Response::Done { tag, table });
            }
            Message::EmptyQueryResponse => {
                let (tag, table) = (String::new(), None);
                self.responses.push(Response::Done { tag, table });
            }
            Message::ErrorResponse(body) => {
                self.table = None;
                self.responses.push(failure(&body)?);
            }
            Message::ReadyForQuery(_) => self.busy = false,
            _ => {}
        }
        Ok(())
    }

    /// The responses of the query that is done.
    pub fn responses(&mut self) -> Vec<Response> {
        std::mem::take(&mut self.responses)
    }

    /// Waits for the end of the query under way; the last response counts, as for a driver.
    ///
    /// # Errors
    /// When the connection fails or stays silent.
    pub fn answer(&mut self) -> Result<Response, ClientError> {
        self.finish("the query under way")
    }

    /// Sends a query and waits for its end; the last response counts, as for a driver.
    ///
    /// # Errors
    /// When the connection is broken or the server does not answer.
    pub fn query(&mut self, query: &str) -> Result<Response, ClientError> {
        self.send(query)?;
        self.finish(query)
    }

    fn finish(&mut self, query: &str) -> Result<Response, ClientError> {
        if self.is_busy(PATIENCE)? {
            return Err(ClientError::Silent);
        }
        let last = self.responses().pop();
        match last {
            Some(response) => Ok(response),
            None if query == "connect" => Ok(Response::Done {
                tag: String::new(),
                table: None,
            }),
            None => Err(ClientError::Silent),
        }
    }

    /// Carries out a query that must succeed, and gives its rows.
    ///
    /// # Errors
    /// When it fails.
    pub fn command(&mut self, query: &str) -> Result<Table, ClientError> {
        match self.query(query)? {
            Response::Done { table, .. } => Ok(table.unwrap_or_default()),
            Response::Failed { sqlstate, message } => {
                let statement = query.to_string();
                Err(ClientError::Statement {
                    statement,
                    sqlstate,
                    message,
                })
            }
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    let kinds = [
        io::ErrorKind::WouldBlock,
        io::ErrorKind::TimedOut,
        io::ErrorKind::Interrupted,
    ];
    kinds.contains(&error.kind())
}

fn row(body: &DataRowBody) -> Result<Vec<Option<String>>, ClientError> {
    let buffer = body.buffer();
    let cell = |range: Option<std::ops::Range<usize>>| {
        Ok(range.map(|range| String::from_utf8_lossy(&buffer[range]).into_owned()))
    };
    Ok(body.ranges().map(cell).collect()?)
}

fn failure(body: &ErrorResponseBody) -> Result<Response, ClientError> {
    let (mut sqlstate, mut message) = (String::new(), String::new());
    let mut fields = body.fields();
    while let Some(field) = fields.next()? {
        let text = String::from_utf8_lossy(field.value_bytes()).into_owned();
        match field.type_() {
            b'C' => sqlstate = text,
            b'M' => message = text,
            _ => {}
        }
    }
    Ok(Response::Failed { sqlstate, message })
}
