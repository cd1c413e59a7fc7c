//! Prints one row for each connection, made from the lake itself.

mod table;
mod traced;

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};

use client_vpn_audit::clock::Clock;
use client_vpn_audit::invalid_input::InvalidInput;
use client_vpn_audit::report::sessions::{
    COLUMNS, Selection, Session, SessionProgress, SessionsRead, Trace, read_sessions,
};
use client_vpn_audit::target::EndpointId;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::args::SessionsArgs;
use super::exit_status::Failure;
use super::lake::open;
use super::moment::Moments;
use super::output::{Spinner, counted, print, print_file};
use table::PrintedTable;

/// Runs the command. Returns `true` if there is a record, everything could be read, and every name of a trace was found.
pub async fn run(args: &SessionsArgs, json: bool) -> Result<bool, Failure> {
    let now = Clock::system().now();
    let mut moments = Moments::default();
    let mut selection = Selection {
        from: moments.read("--from", args.from.as_deref()),
        to: moments.read("--to", args.to.as_deref()),
        at: moments.read("--at", args.at.as_deref()),
        user: args.user.clone(),
        endpoint_id: None,
    };
    moments.check_order(selection.from, selection.to);
    let mut faults = moments.faults();
    if let Some(at) = selection.at.filter(|at| *at > now) {
        faults.push(InvalidInput::new(
            "--at",
            &at.to_string(),
            format!("a time that has passed; it is {now}"),
        ));
    }
    selection.endpoint_id = args.endpoint.as_ref().and_then(|text| faults.keep(endpoint(text)));
    let trace = args.trace.as_ref().and_then(|path| {
        let read = Trace::read(path);
        let fault = |problem: String| InvalidInput::new("--trace", &path.display().to_string(), problem);
        faults
            .keep(read.map_err(|error| fault(format!("a CSV file with the columns user and time; {error}"))))
    });
    let (_, store) = open(args.lake.as_deref(), args.region.as_deref(), faults).await?;
    let spinner = Spinner::new(json || args.csv);
    let on_progress = |read: SessionProgress| {
        let rows = counted(read.rows, "row");
        spinner.message(format!(
            "{}, {}, {rows}",
            counted(read.runs, "run record"),
            counted(read.objects, "object")
        ));
    };
    if let Some(trace) = trace {
        let done = traced::run(&store, selection, trace, now, on_progress).await;
        spinner.clear();
        return Ok(traced::print_results(done?, now, json));
    }
    let mut answer = SessionsAnswer::new(json, args.csv, &selection, now)?;
    // The first error of the file that the answer is written to. Reading goes on, and nothing is printed.
    let failed = RefCell::new(None);
    let on_session = |session: Session| {
        if failed.borrow().is_none() {
            *failed.borrow_mut() = answer.add(&session).err();
        }
    };
    let read = read_sessions(&store, &selection, now, on_progress, on_session).await;
    spinner.clear();
    let read = read?;
    match failed.into_inner() {
        Some(error) => return Err(error.into()),
        None => answer.print(&read)?,
    }
    Ok(read.unreadable.is_empty() && read.runs > 0)
}

fn endpoint(text: &str) -> Result<EndpointId, InvalidInput> {
    let allowed = "the id of an endpoint, such as cvpn-endpoint-0123456789abcdef0";
    EndpointId::parse(text).ok_or_else(|| InvalidInput::new("--endpoint", text, allowed))
}

/// The answer in the making. For machines it is written to a temporary file first, so that an error leaves no part of an answer.
enum SessionsAnswer {
    Table(PrintedTable),
    Csv(csv::Writer<File>),
    Json(BufWriter<File>, bool),
}

impl SessionsAnswer {
    fn new(json: bool, csv: bool, selection: &Selection, now: Timestamp) -> io::Result<SessionsAnswer> {
        if csv {
            let mut writer = csv::Writer::from_writer(tempfile::tempfile()?);
            writer.write_record(COLUMNS.iter().map(|column| column.name))?;
            return Ok(SessionsAnswer::Csv(writer));
        }
        if !json {
            return Ok(SessionsAnswer::Table(PrintedTable::new(selection.clone())));
        }
        let asked = json!({
            "as_of": now,
            "from": selection.from,
            "to": selection.to,
            "at": selection.at,
            "user": selection.user,
            "endpoint_id": selection.endpoint_id.as_ref().map(EndpointId::as_str),
        });
        let mut file = BufWriter::new(tempfile::tempfile()?);
        // The sessions follow within the same object.
        write!(file, "{},\"sessions\":[", asked.to_string().trim_end_matches('}'))?;
        Ok(SessionsAnswer::Json(file, true))
    }

    fn add(&mut self, session: &Session) -> io::Result<()> {
        match self {
            SessionsAnswer::Table(table) => table.add(session),
            SessionsAnswer::Csv(writer) => {
                let values = COLUMNS.iter().map(|column| (column.value)(session));
                for value in values {
                    writer.write_field(value.field().as_bytes())?;
                }
                writer.write_record(None::<&[u8]>)?;
            }
            SessionsAnswer::Json(file, is_first) => {
                let comma = if std::mem::take(is_first) { "" } else { "," };
                let mut row = Map::new();
                for column in COLUMNS {
                    row.insert(column.name.to_owned(), json!((column.value)(session)));
                }
                write!(file, "{comma}{}", Value::Object(row))?;
            }
        }
        Ok(())
    }

    fn print(self, read: &SessionsRead) -> io::Result<()> {
        match self {
            SessionsAnswer::Table(table) => print(&table.text(read)),
            SessionsAnswer::Csv(writer) => {
                let file = writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?;
                print_all(file)?;
                for unreadable in &read.unreadable {
                    super::output::note(&table::not_read(unreadable));
                }
            }
            SessionsAnswer::Json(mut file, _) => {
                let counts = json!({
                    "runs": read.runs,
                    "objects": read.objects,
                    "rows": read.rows,
                    "unreadable": read.unreadable,
                });
                writeln!(file, "],{}", counts.to_string().trim_start_matches('{'))?;
                print_all(file.into_inner().map_err(io::IntoInnerError::into_error)?)?;
            }
        }
        Ok(())
    }
}

fn print_all(mut file: File) -> io::Result<()> {
    file.rewind()?;
    print_file(&mut file)
}
