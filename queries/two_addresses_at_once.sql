-- Which users were connected from two public addresses at the same time?
-- Bears on: PCI DSS 8.2.2, NIST SP 800-53 AC-2(12) and AC-10: shared or stolen credentials.
-- Edit: how many days back, the seconds that an overlap must exceed (60: a client that changes its network connects
-- again before AWS notices), and the pairs of a user and day (10) above which one row has their number in place of each pair. Times
-- that are not proven do not count: a session counts until AWS gave its end, or last showed it as active. Accounts and endpoints are
-- taken together. sessions_not_known is how many sessions that reach into these days are in no pair, because their name or their public
-- address is not known or masked: the connection log was off or not read, or has no event of it yet. A session within a hole is in no
-- record: see coverage_holes. If there is nothing to show, one row has sessions_not_known and as_of, the last merge.
WITH asked AS (
  SELECT current_date - INTERVAL '30' DAY AS from_time, 60 AS seconds, 10 AS pairs_of_day
),
recent AS (
  SELECT
    sessions.*,
    -- An IPv6 address has several forms.
    coalesce(CAST(try_cast(device_ip AS ipaddress) AS varchar), device_ip) AS address,
    coalesce(regexp_like(device_ip, '^[*]+$'), true) OR coalesce(regexp_like(identity_key, '^[*]+$'), true) AS is_not_known
  FROM sessions
  CROSS JOIN asked
  WHERE ended_before >= asked.from_time OR ended_before IS NULL
),
not_known AS (
  SELECT count_if(recent.is_not_known) AS sessions
  FROM recent
),
last_merge AS (
  SELECT with_timezone(max(merged_at), 'UTC') AS as_of
  FROM captures
),
known AS (
  SELECT *
  FROM recent
  WHERE NOT is_not_known
),
pairs AS (
  SELECT
    later.identity_key,
    later.identity,
    earlier.device_ip AS first_device_ip,
    later.device_ip AS second_device_ip,
    earlier.account_id AS first_account_id,
    earlier.region AS first_region,
    earlier.endpoint_id AS first_endpoint_id,
    earlier.connection_id AS first_connection_id,
    later.account_id AS second_account_id,
    later.region AS second_region,
    later.endpoint_id AS second_endpoint_id,
    later.connection_id AS second_connection_id,
    later.connection_established_time AS overlap_begins,
    least(earlier.ends_at, later.ends_at) AS overlap_ends,
    count(*) OVER (
      PARTITION BY later.identity_key, CAST(later.connection_established_time AS date)
    ) AS pairs_of_day
  FROM known AS earlier
  JOIN known AS later
    ON later.identity_key = earlier.identity_key
    AND later.address <> earlier.address
    -- Each pair once.
    AND ROW(
        earlier.connection_established_time, earlier.connection_id, earlier.account_id, earlier.region, earlier.endpoint_id
      ) < ROW(later.connection_established_time, later.connection_id, later.account_id, later.region, later.endpoint_id)
  CROSS JOIN asked
  WHERE date_diff('second', later.connection_established_time, least(earlier.ends_at, later.ends_at)) > asked.seconds
    AND least(earlier.ends_at, later.ends_at) >= asked.from_time
),
shown AS (
  SELECT
    identity,
    first_device_ip,
    second_device_ip,
    overlap_begins,
    overlap_ends,
    date_diff('second', overlap_begins, overlap_ends) AS overlap_seconds,
    first_account_id,
    first_region,
    first_endpoint_id,
    first_connection_id,
    second_account_id,
    second_region,
    second_endpoint_id,
    second_connection_id,
    identity_key,
    1 AS pairs
  FROM pairs
  CROSS JOIN asked
  WHERE pairs.pairs_of_day <= asked.pairs_of_day
  UNION ALL
  SELECT
    max_by(identity, ROW(overlap_begins, identity)),
    NULL,
    NULL,
    min(overlap_begins),
    max(overlap_ends),
    max(date_diff('second', overlap_begins, overlap_ends)),
    array_join(array_sort(array_agg(DISTINCT first_account_id)), ', '),
    NULL,
    NULL,
    NULL,
    array_join(array_sort(array_agg(DISTINCT second_account_id)), ', '),
    NULL,
    NULL,
    NULL,
    identity_key,
    count(*)
  FROM pairs
  CROSS JOIN asked
  WHERE pairs.pairs_of_day > asked.pairs_of_day
  GROUP BY identity_key, CAST(overlap_begins AS date)
)
SELECT
  shown.*,
  not_known.sessions AS sessions_not_known,
  last_merge.as_of
FROM last_merge
CROSS JOIN not_known
LEFT JOIN shown ON true
ORDER BY
  shown.overlap_begins,
  shown.first_connection_id,
  shown.second_connection_id,
  shown.first_account_id,
  shown.second_account_id,
  shown.first_endpoint_id,
  shown.second_endpoint_id,
  shown.identity_key
