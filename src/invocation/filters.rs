//! The filters that a snapshot by hand may have.

/// Filters that the API has. Source: EC2 API reference, `DescribeClientVpnConnections`.
pub const FILTERS: [&str; 2] = ["connection-id", "username"];
