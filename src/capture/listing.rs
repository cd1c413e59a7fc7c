//! One listing of a target: page after page into a snapshot, counted on the way.

use super::connection_ids::{ConnectionIds, DistinctIds};
use super::request::{CaptureRequest, Tools};
use crate::answer_limits::Limit;
use crate::aws::ec2::PageTimes;
use crate::aws::ec2::pager::{Next, Pager};
use crate::aws::ec2::resume_token::ResumeToken;
use crate::aws::ec2::{Page, PageError, PageRequest, larger_difference};
use crate::lake::ledger::{CaptureError, Tally};
use crate::lake::parquet::SnapshotWriter;
use crate::tables::connections::rows::Rows;
use crate::tables::unknown::record_names;
use crate::target::Target;

/// The pages that were read, and the end of the reading.
pub(super) struct Listing {
    pub writer: SnapshotWriter,
    pub tally: Tally,
    pub ids: DistinctIds,
    pub end: End,
}

/// The reason why no further page was read.
pub(super) enum End {
    /// AWS's last page carried no token.
    LastPage,
    /// `max_items` was reached, and there is more.
    Limit { resume_token: ResumeToken },
    /// EC2 did something wrong, or time ran out.
    Cut { error: CaptureError, expired_token: bool, resume_token: Option<ResumeToken> },
    /// Rows could not be encoded; the temporary file is of no use.
    Unencoded { error: CaptureError },
}

impl Listing {
    /// Reads pages until the listing ends, the plan's limit is reached, or a page cannot be read.
    ///
    /// # Errors
    /// If the temporary file cannot be created. A later failure is an end, not an error: the rows read so far are kept, or
    /// at least counted.
    pub(super) async fn read(
        tools: &Tools,
        plan: &CaptureRequest,
        target: &Target,
    ) -> Result<Listing, CaptureError> {
        let mut writer = SnapshotWriter::create(plan.snapshot_time, &target.endpoint_id)?;
        let mut tally = Tally::default();
        let mut ids = ConnectionIds::default();
        let start = plan.starting_token.as_ref();
        let mut pager = Pager::new(start.and_then(|token| token.next_token.clone()));
        let mut skip = start.map_or(0, |token| token.skip);
        let resume_at = |token: Option<&str>, skip: u64| ResumeToken {
            endpoint_id: target.endpoint_id.clone(),
            next_token: token.map(str::to_owned),
            skip,
            page_size: plan.page_size,
        };
        let mut answer = page(tools, plan, target, pager.token()).await;
        let end = loop {
            let read = match answer {
                Ok(read) => read,
                Err(error) => {
                    let expired_token = error.is_expired_token();
                    let can_go_on = tally.pages > 0 && !expired_token;
                    let resume_token = can_go_on.then(|| resume_at(pager.token(), skip));
                    break End::Cut { error: error.into(), expired_token, resume_token };
                }
            };
            tally.add_times(&read);
            let Page { request_id, arrived_at, next_token, unknown_elements, rows, .. } = read;
            let room = plan.max_items.map(|most| most - tally.rows_read);
            let rows_of_page = rows.len();
            let (rows, is_cut) = keep(&rows, skip, room);
            record_names(&mut tally.unknown_elements, unknown_elements);
            tally.add(request_id.as_deref(), &rows);
            ids.note(rows.connection_ids());
            let end = if is_cut {
                Some(End::Limit { resume_token: resume_at(pager.token(), skip + rows.len() as u64) })
            } else {
                match pager.advance(next_token, rows_of_page) {
                    Next::Page if plan.max_items == Some(tally.rows_read) => {
                        Some(End::Limit { resume_token: resume_at(pager.token(), 0) })
                    }
                    Next::Page => None,
                    Next::End => Some(End::LastPage),
                    Next::Repeated => {
                        let error = PageError::repeated_token().into();
                        Some(End::Cut { error, expired_token: false, resume_token: None })
                    }
                    Next::TooManyEmpty => Some(too_many(Limit::EmptyPages, resume_at(pager.token(), 0))),
                    Next::TooMany => Some(too_many(Limit::Pages, resume_at(pager.token(), 0))),
                    Next::TooManyRows => Some(too_many(Limit::Rows, resume_at(pager.token(), 0))),
                }
            };
            skip = 0;
            let encode = async {
                // The request for the next page must be sent first.
                tokio::task::yield_now().await;
                writer.append(arrived_at, request_id.as_deref(), &rows)
            };
            if let Some(end) = end {
                let encoded = encode.await;
                tools.progress.rows(target, tally.rows_read);
                break encoded.map_or_else(|error| End::Unencoded { error: error.into() }, |()| end);
            }
            // The next page is under way while this one is encoded.
            let (next, encoded) = tokio::join!(biased; page(tools, plan, target, pager.token()), encode);
            tools.progress.rows(target, tally.rows_read);
            if let Err(error) = encoded {
                break End::Unencoded { error: error.into() };
            }
            answer = next;
        };
        let ids = ids.distinct();
        tally.duplicates = ids.duplicates as u64;
        Ok(Listing { writer, tally, ids, end })
    }

    /// Returns `true` if EC2 lost the token of a listing that began at page one. A resumed listing cannot begin there: the
    /// capture that it resumes has written those rows.
    pub(super) fn can_restart(&self, plan: &CaptureRequest) -> bool {
        plan.starting_token.is_none() && matches!(&self.end, End::Cut { expired_token: true, .. })
    }

    /// Returns this listing's rows, ended by `error`, without a resume token: EC2 has lost its own.
    pub(super) fn cut_by(self, error: CaptureError) -> Listing {
        Listing { end: End::Cut { error, expired_token: false, resume_token: None }, ..self }
    }

    /// Returns `true` if `other` has every connection that this listing has.
    pub(super) fn is_contained_in(&self, other: &Listing) -> bool {
        self.ids.is_contained_in(&other.ids)
    }
}

/// Returns the end of a listing that exceeds `limit`. A resumed listing counts from zero.
fn too_many(limit: Limit, resume_token: ResumeToken) -> End {
    End::Cut { error: PageError::limit(limit).into(), expired_token: false, resume_token: Some(resume_token) }
}

impl Tally {
    fn add_times(&mut self, page: &Page) {
        let times = self.times.get_or_insert(PageTimes {
            first_page_requested_at: page.requested_at,
            first_page_at: page.arrived_at,
            last_page_at: page.arrived_at,
        });
        times.last_page_at = page.arrived_at;
        self.clock_difference_seconds =
            larger_difference(self.clock_difference_seconds, page.clock_difference_seconds);
    }

    fn add(&mut self, request_id: Option<&str>, rows: &Rows) {
        if self.pages == 0 {
            self.first_request_id = request_id.map(str::to_owned);
        }
        self.last_request_id = request_id.map(str::to_owned);
        self.pages += 1;
        self.rows_read += rows.len() as u64;
        self.active += rows.active() as u64;
        self.unparsed_values += rows.unparsed_values() as u64;
    }
}

/// Returns the page that `token` leads to, if it arrives before the deadline.
async fn page(
    tools: &Tools,
    plan: &CaptureRequest,
    target: &Target,
    token: Option<&str>,
) -> Result<Page, PageError> {
    let request = PageRequest { target, filters: &plan.filters, page_size: plan.page_size, token };
    plan.in_time(&tools.clock, tools.source.page(request)).await
}

/// Returns the rows of a page to write: without the first `skip`, at most `room`; and `true` if `room` left some out.
fn keep(rows: &Rows, skip: u64, room: Option<u64>) -> (Rows, bool) {
    let as_count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let rest = rows.len().saturating_sub(as_count(skip));
    let room = room.map_or(usize::MAX, as_count);
    (rows.slice(as_count(skip), room), rest > room)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::Timestamp;

    use super::*;
    use crate::tables::connections::Connection;
    use crate::tables::connections::rows::RowsBuilder;

    fn rows(connections: impl IntoIterator<Item = Connection<'static>>) -> Rows {
        let mut rows = RowsBuilder::default();
        connections.into_iter().for_each(|connection| rows.append(&connection));
        rows.finish()
    }

    #[test]
    fn a_limit_cuts_inside_a_page_and_a_resumed_listing_goes_on_there() {
        for (read, skip, room, expected, cut) in [
            (5, 0, None, 0..5, false),
            (5, 0, Some(5), 0..5, false),
            (5, 0, Some(3), 0..3, true),
            (5, 3, Some(1), 3..4, true),
            (5, 3, Some(2), 3..5, false),
            (5, 3, None, 3..5, false),
            (2, 3, None, 0..0, false),
            (0, 0, Some(1), 0..0, false),
        ] {
            let connection =
                |n: u32| Connection { connection_id: Some(n.to_string().into()), ..Connection::default() };
            let (kept, is_cut) = keep(&rows((0..read).map(connection)), skip, room);
            let ids: Vec<u32> = kept.connection_ids().map(|id| id.unwrap().parse().unwrap()).collect();
            assert_eq!(ids, expected.collect::<Vec<u32>>(), "{read} rows, skip {skip}, room {room:?}");
            assert_eq!(is_cut, cut, "{read} rows, skip {skip}, room {room:?}");
        }
    }

    #[test]
    fn the_tally_counts_what_the_ledger_says() {
        let connection = |status: &'static str| Connection {
            status_code: Some(status.into()),
            unparsed: [("ingressBytes".into(), "x".into())].into(),
            ..Connection::default()
        };
        let mut tally = Tally::default();
        let page = rows([connection("active"), connection("x")]);
        tally.add(Some("first"), &page);
        tally.add(Some("last"), &rows([connection("active"), connection("terminated")]));
        tally.add(Some("last"), &page.slice(1, 1));
        assert_eq!((tally.pages, tally.rows_read, tally.active, tally.unparsed_values), (3, 5, 2, 5));
        assert_eq!(
            (tally.first_request_id.as_deref(), tally.last_request_id.as_deref()),
            (Some("first"), Some("last"))
        );
    }

    #[test]
    fn the_times_of_a_listing_go_from_its_first_request_to_its_last_page() {
        let second = |second: i64| Timestamp::from_second(second).unwrap();
        let mut tally = Tally::default();
        for (requested_at, arrived_at, difference) in [(1, 18, Some(-3)), (18, 19, None), (19, 25, Some(2))] {
            tally.add_times(&Page {
                request_id: None,
                requested_at: second(requested_at),
                arrived_at: second(arrived_at),
                clock_difference_seconds: difference,
                next_token: None,
                unknown_elements: BTreeSet::new(),
                rows: rows([]),
            });
        }
        let expected = PageTimes {
            first_page_requested_at: second(1),
            first_page_at: second(18),
            last_page_at: second(25),
        };
        assert_eq!((tally.times, tally.clock_difference_seconds), (Some(expected), Some(-3)));
    }
}
