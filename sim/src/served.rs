//! The pages that were handed out.

use crate::connection::Connection;
use crate::log_event::LogEvent;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// A page of connections that a client received completely.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServedPage {
    /// The request id of the answer.
    pub request_id: String,
    /// The endpoint that was asked.
    pub endpoint_id: String,
    /// The token in the answer, absent on a last page.
    pub next_token: Option<String>,
    /// The rows in the answer.
    pub connections: Vec<Connection>,
    /// Fields of each row that the API does not have today: the element's name, and its text or the XML in it.
    pub unknown_fields: BTreeMap<&'static str, &'static str>,
}

/// A page of log events that a client received completely.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServedLogPage {
    /// The request id of the answer.
    pub request_id: String,
    /// The name of the log group that was asked.
    pub log_group: String,
    /// The token in the answer, absent on a last page.
    pub next_token: Option<String>,
    /// The events in the answer.
    pub events: Vec<LogEvent>,
}

/// A page of either kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AnyPage {
    Connections(ServedPage),
    Events(ServedLogPage),
}

/// Every page handed out, in order.
#[derive(Debug)]
pub(crate) struct Served {
    on: bool,
    inner: Mutex<NumberedPages>,
    news: Notify,
}

#[derive(Debug, Default)]
struct NumberedPages {
    next: u64,
    pages: Vec<NumberedPage>,
}

#[derive(Debug)]
struct NumberedPage {
    number: u64,
    /// `true` if the operating system has taken the page's last byte.
    sent: bool,
    page: AnyPage,
}

impl Served {
    pub(crate) fn new(on: bool) -> Self {
        Self { on, inner: Mutex::default(), news: Notify::new() }
    }

    pub(crate) fn pages(&self) -> Vec<ServedPage> {
        let of = |entry: &NumberedPage| match &entry.page {
            AnyPage::Connections(page) => Some(page.clone()),
            AnyPage::Events(_) => None,
        };
        self.lock().pages.iter().filter_map(of).collect()
    }

    pub(crate) fn log_pages(&self) -> Vec<ServedLogPage> {
        let of = |entry: &NumberedPage| match &entry.page {
            AnyPage::Connections(_) => None,
            AnyPage::Events(page) => Some(page.clone()),
        };
        self.lock().pages.iter().filter_map(of).collect()
    }

    /// Waits until at least one page of connections was sent, and takes those that were.
    pub(crate) async fn take(&self) -> Vec<ServedPage> {
        loop {
            let news = self.news.notified();
            let pages = self.take_now();
            if !pages.is_empty() {
                return pages;
            }
            news.await;
        }
    }

    /// Takes the pages of connections that were sent, up to the first page that is still on its way.
    pub(crate) fn take_now(&self) -> Vec<ServedPage> {
        let mut inner = self.lock();
        let sent = inner.pages.iter().take_while(|entry| entry.sent).count();
        let (mut taken, mut kept) = (Vec::new(), Vec::new());
        for entry in inner.pages.drain(..sent) {
            match entry.page {
                AnyPage::Connections(page) => taken.push(page),
                AnyPage::Events(_) => kept.push(entry),
            }
        }
        inner.pages.splice(..0, kept);
        taken
    }

    fn add(&self, page: AnyPage) -> u64 {
        let mut inner = self.lock();
        let number = inner.next;
        inner.next += 1;
        inner.pages.push(NumberedPage { number, sent: false, page });
        number
    }

    fn sent(&self, number: u64) {
        self.lock()
            .pages
            .iter_mut()
            .filter(|entry| entry.number == number)
            .for_each(|entry| entry.sent = true);
        self.news.notify_waiters();
    }

    fn revoke(&self, number: u64) {
        self.lock().pages.retain(|entry| entry.number != number);
        self.news.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, NumberedPages> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One connection's page on its way to the client.
///
/// A page counts from the moment its bytes are handed to be written, since a client may look at
/// [`Simulator::served`](crate::Simulator::served) as soon as it has read them. If the connection breaks before all are
/// written, the page does not count.
#[derive(Debug)]
pub(crate) struct Receipt {
    served: Arc<Served>,
    under_way: Mutex<Option<u64>>,
}

impl Receipt {
    pub(crate) fn new(served: Arc<Served>) -> Self {
        Self { served, under_way: Mutex::new(None) }
    }

    /// Records that the page's bytes are about to be written.
    pub(crate) fn begin(&self, page: AnyPage) {
        if self.served.on {
            *self.lock() = Some(self.served.add(page));
        }
    }

    /// Records that all bytes so far were written.
    pub(crate) fn written(&self) {
        if let Some(number) = self.lock().take() {
            self.served.sent(number);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<u64>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        if let Some(number) = self.lock().take() {
            self.served.revoke(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(request_id: &str) -> ServedPage {
        let request_id = request_id.to_owned();
        ServedPage {
            request_id,
            endpoint_id: String::new(),
            next_token: None,
            connections: Vec::new(),
            unknown_fields: BTreeMap::new(),
        }
    }

    fn events(request_id: &str) -> AnyPage {
        let (request_id, log_group) = (request_id.to_owned(), "client-vpn".to_owned());
        AnyPage::Events(ServedLogPage { request_id, log_group, next_token: None, events: Vec::new() })
    }

    #[test]
    fn a_page_that_was_not_written_to_its_end_was_not_served() {
        let served = Arc::new(Served::new(true));
        let (whole, broken) = (Receipt::new(served.clone()), Receipt::new(served.clone()));
        whole.begin(events("log"));
        whole.written();
        whole.begin(AnyPage::Connections(page("whole")));
        broken.begin(AnyPage::Connections(page("broken")));
        whole.written();
        drop((whole, broken));
        assert_eq!(served.pages(), [page("whole")]);
        assert_eq!(served.take_now(), [page("whole")]);
        assert_eq!(served.pages(), []);
        assert_eq!(served.log_pages().len(), 1, "pages of events stay");
    }
}
