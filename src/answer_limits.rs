//! Limits on reading an answer. An answer that exceeds one of them is refused with the name of the limit.

use std::fmt;

/// Longest token, in bytes.
pub const TOKEN_BYTES: usize = 16 * 1024;

/// Longest value of a column, in bytes. `unparsed` keeps this much of a longer one.
pub const VALUE_BYTES: usize = 64 * 1024;

/// Most unknown fields of a row that are kept. Those beyond are counted.
pub const UNKNOWN_FIELDS: usize = 1_000;

/// Most texts of a list in a column.
pub const LIST_TEXTS: usize = 1_000;

/// Most rows of a page: ten times the most that EC2 can be asked for.
pub const PAGE_ROWS: usize = 10_000;

/// Most entries of `unparsed` in all rows of a page.
pub const PAGE_UNPARSED_VALUES: usize = 1_000_000;

/// Most bytes of `unparsed` in all rows of a page.
pub const PAGE_UNPARSED_BYTES: usize = 32 * 1024 * 1024;

/// Most pages of a listing: four times as many as the smallest pages of AWS's largest endpoint.
pub const PAGES: u32 = 100_000;

/// Most rows of the pages of a listing after which there is another page: a hundred times those of AWS's largest endpoint. A
/// capture holds 8 bytes of each in memory.
pub const ROWS: usize = 5_000_000;

/// Most pages without a row that may follow one another.
pub const EMPTY_PAGES: u32 = 1_000;

/// Most endpoints of an account and Region.
pub const LISTING_ROWS: usize = 2_000;

/// Most bytes of the pages with endpoints of an account and Region.
pub const LISTING_BYTES: usize = 32 * 1024 * 1024;

/// Most networks of an endpoint.
pub const NETWORKS: usize = LIST_TEXTS;

/// Most bytes of the ids of the networks of an endpoint.
pub const NETWORKS_BYTES: usize = VALUE_BYTES;

/// Most pages of a listing of one endpoint other than that of its connections: a hundred times as many as AWS's quotas fill.
pub const ENDPOINT_PAGES: u32 = 100;

/// Most authorization rules, and most routes, of an endpoint: far above AWS's quotas.
pub const ENDPOINT_ROWS: usize = 10_000;

/// Most bytes of the pages with the authorization rules, or the routes, of an endpoint.
pub const ENDPOINT_ROWS_BYTES: usize = 8 * 1024 * 1024;

/// Size from which a revocation list is not in its column, in bytes.
pub const REVOCATION_LIST_BYTES: usize = 256 * 1024;

/// Most bytes of the revocation lists of an account and Region that are in their columns. Those beyond are not.
pub const REVOCATION_LISTS_BYTES: usize = 32 * 1024 * 1024;

/// Most bytes of the networks, the authorization policies and the unparsed fields of the endpoints of an account and Region, which are
/// in memory at once. Those of the endpoints beyond are not kept.
pub const CONFIGURATION_BYTES: usize = 64 * 1024 * 1024;

/// Deepest nesting of elements within a field.
pub const DEPTH: usize = 64;

/// Longest name of an element, in bytes.
pub const NAME_BYTES: usize = 256;

/// Longest tag, in bytes.
pub const TAG_BYTES: usize = 16 * 1024;

/// Most attributes of an element.
pub const ATTRIBUTES: usize = 64;

/// Largest object whose events are compared with a second reading, in bytes: a quarter of an hour with a quarter of a million events.
pub const OBJECT_BYTES: usize = 16 * 1024 * 1024;

/// A limit that an answer exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// [`TOKEN_BYTES`]
    Token,
    /// [`PAGE_ROWS`]
    PageRows,
    /// [`PAGE_UNPARSED_VALUES`] or [`PAGE_UNPARSED_BYTES`]
    PageUnparsed,
    /// [`PAGES`]
    Pages,
    /// [`ROWS`]
    Rows,
    /// [`EMPTY_PAGES`]
    EmptyPages,
    /// [`LISTING_ROWS`] or [`LISTING_BYTES`]
    Endpoints,
    /// [`ENDPOINT_PAGES`], [`NETWORKS`], [`NETWORKS_BYTES`] or [`ENDPOINT_ROWS_BYTES`]
    Networks,
    /// [`ENDPOINT_PAGES`], [`ENDPOINT_ROWS`] or [`ENDPOINT_ROWS_BYTES`]
    EndpointRows,
    /// [`CONFIGURATION_BYTES`]
    Configuration,
    /// [`DEPTH`]
    Depth,
    /// [`NAME_BYTES`]
    Name,
    /// [`OBJECT_BYTES`]
    Object,
    /// [`TAG_BYTES`] or [`ATTRIBUTES`]
    Tag,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kibibytes = |bytes: usize| bytes / 1024;
        match self {
            Limit::Token => write!(f, "a token of at most {} KiB", kibibytes(TOKEN_BYTES)),
            Limit::PageRows => write!(f, "at most {PAGE_ROWS} rows on a page"),
            Limit::PageUnparsed => write!(
                f,
                "at most {PAGE_UNPARSED_VALUES} values and {} KiB of unparsed text on a page",
                kibibytes(PAGE_UNPARSED_BYTES)
            ),
            Limit::Pages => write!(f, "at most {PAGES} pages in a listing"),
            Limit::Rows => write!(f, "at most {ROWS} rows in a listing"),
            Limit::EmptyPages => write!(f, "at most {EMPTY_PAGES} empty pages in a row"),
            Limit::Endpoints => write!(
                f,
                "at most {LISTING_ROWS} endpoints in an account and Region, and {} KiB of their configuration",
                kibibytes(LISTING_BYTES)
            ),
            Limit::Networks => write!(
                f,
                "at most {NETWORKS} networks of an endpoint, {ENDPOINT_PAGES} pages of them and {} KiB of their ids",
                kibibytes(NETWORKS_BYTES)
            ),
            Limit::EndpointRows => write!(
                f,
                "at most {ENDPOINT_ROWS} authorization rules or routes of an endpoint, {ENDPOINT_PAGES} pages and {} KiB of them",
                kibibytes(ENDPOINT_ROWS_BYTES)
            ),
            Limit::Configuration => {
                let mebibytes = CONFIGURATION_BYTES / 1024 / 1024;
                write!(
                    f,
                    "at most {mebibytes} MiB of configuration that is not in the listing of endpoints, in an account and Region"
                )
            }
            Limit::Depth => write!(f, "at most {DEPTH} nested elements"),
            Limit::Name => write!(f, "a name of an element of at most {NAME_BYTES} bytes"),
            Limit::Object => {
                write!(f, "an object of at most {} KiB to compare with", kibibytes(OBJECT_BYTES))
            }
            Limit::Tag => {
                write!(f, "a tag of at most {} KiB with {ATTRIBUTES} attributes", kibibytes(TAG_BYTES))
            }
        }
    }
}
