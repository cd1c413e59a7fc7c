//! One listing of a target: page after page into a snapshot, counted on the way.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;

use super::{Plan, Tools};
use crate::connection::{Connection, RawConnection};
use crate::ledger::CaptureError;
use crate::normalise::normalise;
use crate::snapshot::SnapshotWriter;
use crate::source::pager::{Next, Pager};
use crate::source::resume_token::ResumeToken;
use crate::source::{Page, PageError, PageRequest};
use crate::target::Target;

/// What was read, up to where the reading ended.
pub(super) struct Listing {
    pub writer: SnapshotWriter,
    pub tally: Tally,
    pub end: End,
}

/// Why no further page was read.
pub(super) enum End {
    /// AWS's last page carried no token.
    LastPage,
    /// `max_items` was reached, and there is more.
    Limit { resume_token: ResumeToken },
    /// EC2 did something wrong, or time ran out.
    Cut { error: CaptureError, expired_token: bool, resume_token: Option<ResumeToken> },
    /// Rows could not be encoded; what is in the temporary file is of no use.
    Unencoded { error: CaptureError },
}

/// What the ledger says of the pages and rows.
#[derive(Default)]
pub(super) struct Tally {
    pub pages: u64,
    pub rows_read: u64,
    pub active: u64,
    pub unparsed_values: u64,
    pub duplicates: u64,
    pub first_request_id: Option<String>,
    pub last_request_id: Option<String>,
    pub first_page_at: Option<Timestamp>,
    pub last_page_at: Option<Timestamp>,
    /// Hashes of the connection ids, eight bytes each: two ids of a million share one with a chance of 1 : 30 million.
    ids: HashSet<u64>,
    /// Rows without a connection id.
    unidentified: u64,
}

impl Listing {
    /// Reads pages until the listing ends, the plan's limit is reached, or a page cannot be had.
    ///
    /// # Errors
    /// When the temporary file cannot be made. What goes wrong later is an end, not an error: the rows read so far are
    /// kept, or at least counted.
    pub(super) async fn read(tools: &Tools, plan: &Plan, target: &Target) -> Result<Listing, CaptureError> {
        let mut writer = SnapshotWriter::create(plan.snapshot_time, &target.endpoint_id)?;
        let mut tally = Tally::default();
        let start = plan.starting_token.as_ref();
        let mut pager = Pager::new(start.and_then(|token| token.next_token.clone()));
        let mut skip = start.map_or(0, |token| token.skip);
        let end = loop {
            let resume_at = |token: Option<&str>, skip: u64| ResumeToken {
                endpoint_id: target.endpoint_id.clone(),
                next_token: token.map(str::to_owned),
                skip,
                page_size: plan.page_size,
            };
            let request = PageRequest {
                target,
                filters: &plan.filters,
                page_size: plan.page_size,
                token: pager.token(),
            };
            let page = match before(plan.deadline, tools, tools.source.page(request)).await {
                Ok(page) => page,
                Err(error) => {
                    let expired_token = error.is_expired_token();
                    let can_go_on = tally.pages > 0 && !expired_token;
                    let resume_token = can_go_on.then(|| resume_at(pager.token(), skip));
                    break End::Cut { error: error.into(), expired_token, resume_token };
                }
            };
            let Page { request_id, arrived_at, next_token, connections } = page;
            let room = plan.max_items.map(|most| most - tally.rows_read);
            let (kept, is_cut) = keep(connections, skip, room);
            let connections: Vec<Connection> =
                kept.into_iter().map(|raw| normalise(raw, &target.endpoint_id)).collect();
            let encoded = writer.append(arrived_at, request_id.as_deref(), &connections);
            tally.add(arrived_at, request_id, &connections);
            if let Err(error) = encoded {
                break End::Unencoded { error: error.into() };
            }
            (tools.progress.0)(target, tally.rows_read);
            if is_cut {
                let resume_token = resume_at(pager.token(), skip + connections.len() as u64);
                break End::Limit { resume_token };
            }
            skip = 0;
            match pager.advance(next_token) {
                Next::Page if plan.max_items == Some(tally.rows_read) => {
                    break End::Limit { resume_token: resume_at(pager.token(), 0) };
                }
                Next::Page => {}
                Next::End => break End::LastPage,
                Next::Repeated => {
                    break End::Cut { error: repeated_token(), expired_token: false, resume_token: None };
                }
            }
        };
        Ok(Listing { writer, tally, end })
    }

    /// Whether EC2 lost the token of a listing that began at page one. One that was resumed cannot begin there: the
    /// capture that it goes on from has written those rows.
    pub(super) fn may_start_anew(&self, plan: &Plan) -> bool {
        plan.starting_token.is_none() && matches!(&self.end, End::Cut { expired_token: true, .. })
    }

    /// This listing's rows, ended by `error`, without a place to go on: EC2 has forgotten it.
    pub(super) fn cut_by(self, error: CaptureError) -> Listing {
        Listing { end: End::Cut { error, expired_token: false, resume_token: None }, ..self }
    }

    /// Whether `other` has every connection that this listing has.
    pub(super) fn is_contained_in(&self, other: &Listing) -> bool {
        self.tally.unidentified == 0 && self.tally.ids.is_subset(&other.tally.ids)
    }
}

impl Tally {
    fn add(&mut self, arrived_at: Timestamp, request_id: Option<String>, connections: &[Connection]) {
        if self.pages == 0 {
            self.first_request_id.clone_from(&request_id);
            self.first_page_at = Some(arrived_at);
        }
        self.last_request_id = request_id;
        self.last_page_at = Some(arrived_at);
        self.pages += 1;
        self.rows_read += connections.len() as u64;
        for connection in connections {
            self.active += u64::from(connection.is_active());
            self.unparsed_values += connection.unparsed.len() as u64;
            match &connection.connection_id {
                Some(id) => self.duplicates += u64::from(!self.ids.insert(hash(id))),
                None => self.unidentified += 1,
            }
        }
    }
}

/// The page, if it comes before the deadline.
async fn before(
    deadline: Option<Timestamp>,
    tools: &Tools,
    page: impl Future<Output = Result<Page, PageError>>,
) -> Result<Page, PageError> {
    let Some(deadline) = deadline else { return page.await };
    let left = deadline.duration_since(tools.clock.now()).try_into().unwrap_or_default();
    tokio::time::timeout(left, page).await.unwrap_or_else(|_| {
        let message =
            "the invocation's time was running out; go on with resume_token, or give the function more time";
        Err(PageError { code: "Deadline".to_owned(), message: message.to_owned(), request_id: None })
    })
}

/// The rows of a page that are written: without the first `skip`, at most `room`. Also whether `room` left some out.
fn keep(connections: Vec<RawConnection>, skip: u64, room: Option<u64>) -> (Vec<RawConnection>, bool) {
    let as_count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let rest = connections.len().saturating_sub(as_count(skip));
    let room = room.map_or(usize::MAX, as_count);
    let kept = connections.into_iter().skip(as_count(skip)).take(room).collect();
    (kept, rest > room)
}

fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

fn repeated_token() -> CaptureError {
    let message = "EC2 gave a token that leads to a page read before, so the listing has no end; the next \
                   snapshot begins anew";
    CaptureError::new("RepeatedToken", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(rows: u32) -> Vec<RawConnection> {
        let row = |n: u32| RawConnection { connection_id: Some(n.to_string()), ..RawConnection::default() };
        (0..rows).map(row).collect()
    }

    #[test]
    fn a_limit_cuts_inside_a_page_and_a_resumed_listing_goes_on_there() {
        for (rows, skip, room, expected, cut) in [
            (5, 0, None, 0..5, false),
            (5, 0, Some(5), 0..5, false),
            (5, 0, Some(3), 0..3, true),
            (5, 3, Some(1), 3..4, true),
            (5, 3, Some(2), 3..5, false),
            (5, 3, None, 3..5, false),
            (2, 3, None, 0..0, false),
            (0, 0, Some(1), 0..0, false),
        ] {
            let (kept, is_cut) = keep(page(rows), skip, room);
            let ids: Vec<u32> =
                kept.iter().map(|row| row.connection_id.as_ref().unwrap().parse().unwrap()).collect();
            assert_eq!(ids, expected.collect::<Vec<u32>>(), "{rows} rows, skip {skip}, room {room:?}");
            assert_eq!(is_cut, cut, "{rows} rows, skip {skip}, room {room:?}");
        }
    }

    #[test]
    fn the_tally_counts_what_the_ledger_says() {
        let connection = |id: Option<&str>, status: &str| Connection {
            connection_id: id.map(str::to_owned),
            status_code: Some(status.to_owned()),
            unparsed: [("ingressBytes".into(), "x".to_owned())].into(),
            ..Connection::default()
        };
        let mut tally = Tally::default();
        let second = Timestamp::from_second(1).unwrap();
        tally.add(
            Timestamp::UNIX_EPOCH,
            Some("first".into()),
            &[connection(Some("a"), "active"), connection(None, "x")],
        );
        tally.add(
            second,
            Some("last".into()),
            &[connection(Some("a"), "active"), connection(None, "terminated")],
        );
        assert_eq!((tally.pages, tally.rows_read, tally.active), (2, 4, 2));
        assert_eq!((tally.unparsed_values, tally.duplicates, tally.unidentified), (4, 1, 2));
        assert_eq!(
            (tally.first_request_id.as_deref(), tally.last_request_id.as_deref()),
            (Some("first"), Some("last"))
        );
        assert_eq!((tally.first_page_at, tally.last_page_at), (Some(Timestamp::UNIX_EPOCH), Some(second)));
    }
}
