-- Which users had two sessions at the same time?
-- Bears on: PCI DSS 8.2.2, NIST SP 800-53 AC-10: shared credentials, or a second device.
-- Edit: how many days back, the least seconds of an overlap (60: a client whose connection broke connects again before AWS notices),
-- and the pairs of a user and day (10) above which one row has their number in place of each pair. Times that are not proven do not
-- count: a session counts until AWS gave its end, or last showed it as active. at_once is how many sessions of the user there were
-- when the second began, in a row of many pairs the greatest such number of the day. Sessions of which AWS gave no name are in no
-- pair: sessions_not_known is how many of them reach into these days. A session within a hole is in no record: see coverage_holes.
WITH not_known AS (
  SELECT count(*) AS sessions
  FROM sessions
  WHERE identity_key IS NULL
    AND (ended_before >= current_date - INTERVAL '30' DAY OR ended_before IS NULL)
),
recent AS (
  SELECT *
  FROM sessions
  WHERE connection_established_time < current_date + INTERVAL '1' DAY
    AND ends_at >= current_date - INTERVAL '30' DAY
    AND identity_key IS NOT NULL
),
pairs AS (
  SELECT
    later.identity_key,
    later.identity,
    earlier.account_id AS first_account_id,
    earlier.region AS first_region,
    earlier.endpoint_id AS first_endpoint_id,
    earlier.connection_id AS first_connection_id,
    earlier.client_ip AS first_client_ip,
    later.account_id AS second_account_id,
    later.region AS second_region,
    later.endpoint_id AS second_endpoint_id,
    later.connection_id AS second_connection_id,
    later.client_ip AS second_client_ip,
    later.connection_established_time AS overlap_begins,
    least(earlier.ends_at, later.ends_at) AS overlap_ends,
    1 + count(*) OVER (
      PARTITION BY later.account_id, later.region, later.endpoint_id, later.connection_id
    ) AS at_once,
    count(*) OVER (
      PARTITION BY later.identity_key, CAST(later.connection_established_time AS date)
    ) AS pairs_of_day
  FROM recent AS earlier
  JOIN recent AS later
    ON later.identity_key = earlier.identity_key
    AND date_diff('second', later.connection_established_time, least(earlier.ends_at, later.ends_at)) >= 60
    -- Each pair once.
    AND ROW(
        earlier.connection_established_time, earlier.connection_id, earlier.account_id, earlier.region, earlier.endpoint_id
      ) < ROW(later.connection_established_time, later.connection_id, later.account_id, later.region, later.endpoint_id)
  WHERE least(earlier.ends_at, later.ends_at) >= current_date - INTERVAL '30' DAY
)
SELECT
  identity,
  first_endpoint_id,
  first_connection_id,
  first_client_ip,
  second_endpoint_id,
  second_connection_id,
  second_client_ip,
  overlap_begins,
  overlap_ends,
  date_diff('second', overlap_begins, overlap_ends) AS overlap_seconds,
  identity_key,
  first_account_id,
  second_account_id,
  1 AS pairs,
  at_once,
  not_known.sessions AS sessions_not_known
FROM pairs
CROSS JOIN not_known
WHERE pairs_of_day <= 10
UNION ALL
SELECT
  max_by(identity, ROW(overlap_begins, identity)),
  NULL,
  NULL,
  NULL,
  NULL,
  NULL,
  NULL,
  min(overlap_begins),
  max(overlap_ends),
  max(date_diff('second', overlap_begins, overlap_ends)),
  identity_key,
  array_join(array_sort(array_agg(DISTINCT first_account_id)), ', '),
  array_join(array_sort(array_agg(DISTINCT second_account_id)), ', '),
  count(*),
  max(at_once),
  max(not_known.sessions)
FROM pairs
CROSS JOIN not_known
WHERE pairs_of_day > 10
GROUP BY identity_key, CAST(overlap_begins AS date)
ORDER BY overlap_begins, first_connection_id, second_connection_id, first_account_id, second_account_id, first_endpoint_id, second_endpoint_id, identity_key
