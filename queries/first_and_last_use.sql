-- When did each user connect first, and when last?
-- Bears on: PCI DSS 7.2.4, NIST SP 800-53 AC-2, ISO/IEC 27001 A.5.18.
-- Edit: how many days back. last_use is the last time that is proven, and of as many sessions as with_open_end says no end is known.
-- first_use is the latest that it can have been if first_use_seen is false. An earlier use can have been missed in
-- minutes_not_covered_before, which is how long some endpoint lay in a hole before first_use, and a later one in minutes_not_covered,
-- which is how long one did since last_use. They count from recorded_since, which is when the record of the first endpoint begins, up
-- to as_of, which is when captures was last merged: nothing is known of other times. The row without identity is no user: it counts
-- the sessions of which AWS gave no name.
WITH
last_merge AS (
  -- The record of later time is not known.
  SELECT with_timezone(max(merged_at), 'UTC') AS as_of
  FROM captures
),
-- BEGIN GENERATED sql_fragments/holes.sql
-- Finds the times between captures of each endpoint, and which of them are holes, as docs/coverage.md defines them.
-- Reads captures, and last_merge with as_of: the time, with its zone, up to which the record is known.
-- Gives gaps, a row for each time between two captures. is_hole says if it is a hole, and open if no capture came after it.
-- Gives ordered, a row for each capture, failed attempt and listing of an endpoint, and for its beginning.
entries AS (
  -- Attempts at endpoints, attempts at listing them (under *), and under each endpoint the listings that have it.
  SELECT
    captures.account_id,
    captures.region,
    listed.endpoint_id,
    if(listed.place = 1, 'attempt', 'listed') AS kind,
    captures.outcome,
    captures.error_code,
    coalesce(captures.object_key, captures.record_key) AS object_key,
    with_timezone(captures.attempted_at, 'UTC') AS begins,
    with_timezone(captures.first_page_at, 'UTC') AS first_page_at,
    with_timezone(captures.last_page_at, 'UTC') AS ends,
    captures.scheduled AS is_scheduled
  FROM captures
  CROSS JOIN last_merge
  CROSS JOIN UNNEST(
    ARRAY[captures.endpoint_id] || coalesce(CAST(json_parse(captures.endpoint_ids) AS array(varchar)), ARRAY[])
  ) WITH ORDINALITY AS listed (endpoint_id, place)
  WHERE captures.kind IN ('target', 'listing')
    -- As in the command: a record of more than an hour to come proves nothing yet.
    AND with_timezone(captures.attempted_at, 'UTC') <= last_merge.as_of + INTERVAL '1' HOUR
),
judged AS (
  -- A capture or a listing proves nothing if the clock stepped while its pages came.
  SELECT
    *,
    outcome IN ('complete', 'already_captured') AND coalesce(first_page_at BETWEEN begins AND ends, false) AS proves,
    outcome IN ('complete', 'already_captured') AND NOT first_page_at BETWEEN begins AND ends AS clock_stepped
  FROM entries
),
moments AS (
  -- Entries of one object are one capture.
  SELECT
    account_id,
    region,
    endpoint_id,
    kind,
    kind = 'attempt' AND proves AS captured,
    min(begins) AS begins,
    max(begins) AS last_begins,
    max(ends) AS ends,
    min(if(is_scheduled, begins)) AS scheduled,
    count_if(outcome IN ('partial', 'failed') OR (outcome = 'complete' AND clock_stepped)) AS failures,
    array_agg(if(clock_stepped, 'ClockStepped', error_code)) FILTER (WHERE clock_stepped OR error_code IS NOT NULL) AS error_codes
  FROM judged
  WHERE proves OR kind = 'attempt'
  GROUP BY account_id, region, endpoint_id, kind, proves, object_key
),
beside_listings AS (
  -- Descending, and no time is null: a frame that begins at the first row is computed in one pass, and one that ends at the last anew for
  -- each row.
  SELECT
    *,
    max(if(captured AND endpoint_id = '*', begins)) OVER (
      PARTITION BY account_id, region
      ORDER BY begins RANGE BETWEEN UNBOUNDED PRECEDING AND INTERVAL '0.001' SECOND PRECEDING
    ) AS listed_before,
    min(if(captured AND endpoint_id = '*', begins)) OVER (
      PARTITION BY account_id, region
      ORDER BY last_begins DESC RANGE BETWEEN UNBOUNDED PRECEDING AND INTERVAL '0.001' SECOND PRECEDING
    ) AS listed_after
  FROM moments
),
lives AS (
  -- An endpoint begins at the last listing before it was known, and is gone at the first after it was last listed or tried.
  -- The list of endpoints is expected from the first scheduled attempt at it on.
  SELECT
    *,
    if(
      endpoint_id = '*',
      min(scheduled) OVER endpoint,
      coalesce(
        min_by(listed_before, begins) OVER endpoint,
        min(if(kind = 'attempt', begins)) OVER endpoint,
        min(begins) OVER endpoint
      )
    ) AS beginning,
    max_by(listed_after, last_begins) OVER endpoint AS gone_at,
    row_number() OVER (PARTITION BY account_id, region, endpoint_id ORDER BY begins) = 1 AS is_first
  FROM beside_listings
  WINDOW endpoint AS (PARTITION BY account_id, region, endpoint_id)
),
steps AS (
  -- One more row for each endpoint: its beginning.
  SELECT
    lives.account_id,
    lives.region,
    lives.endpoint_id,
    lives.gone_at,
    lives.beginning,
    if(step.is_beginning, 'beginning', kind) AS kind,
    if(step.is_beginning, beginning, begins) AS at,
    step.is_beginning OR captured AS opens,
    if(NOT step.is_beginning AND captured, ends) AS ends,
    if(step.is_beginning, 0, failures) AS failures,
    if(NOT step.is_beginning, error_codes) AS error_codes
  FROM lives
  CROSS JOIN UNNEST(if(is_first AND beginning IS NOT NULL, ARRAY[true, false], ARRAY[false])) AS step (is_beginning)
),
ordered AS (
  -- From each capture, and from the beginning, to the smallest end of all captures that begin later.
  SELECT
    *,
    max(if(opens AND at >= beginning, at)) OVER (
      PARTITION BY account_id, region, endpoint_id ORDER BY at RANGE UNBOUNDED PRECEDING
    ) AS gap_begins,
    min(ends) OVER (
      PARTITION BY account_id, region, endpoint_id
      ORDER BY at DESC RANGE BETWEEN UNBOUNDED PRECEDING AND INTERVAL '0.001' SECOND PRECEDING
    ) AS next_ends
  FROM steps
),
gaps AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    gap_begins,
    coalesce(next_ends, gone_at, as_of) AS gap_ends,
    next_ends IS NULL AND gone_at IS NULL AS open,
    coalesce(next_ends, gone_at, as_of) >= gap_begins + INTERVAL '60' MINUTE
      OR (next_ends IS NULL AND gone_at IS NOT NULL) AS is_hole,
    sum(failures) AS failures,
    array_sort(array_distinct(flatten(array_agg(error_codes)))) AS error_codes
  FROM ordered
  CROSS JOIN last_merge
  WHERE gap_begins IS NOT NULL
  GROUP BY account_id, region, endpoint_id, gap_begins, next_ends, gone_at, as_of
),
-- END GENERATED sql_fragments/holes.sql
after_others AS (
  -- Holes of several endpoints overlap. Each begins where the others before it end.
  SELECT
    greatest(
      gap_begins,
      coalesce(max(gap_ends) OVER (ORDER BY gap_begins, gap_ends ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), gap_begins)
    ) AS begins,
    gap_ends AS ends
  FROM gaps
  WHERE is_hole
),
not_covered AS (
  SELECT array_agg(CAST(ROW(begins, ends) AS ROW(begins timestamp(6), ends timestamp(6)))) AS holes
  FROM after_others
  WHERE begins < ends
),
record AS (
  SELECT min(gap_begins) AS recorded_since
  FROM gaps
  WHERE endpoint_id <> '*'
),
users AS (
  SELECT
    identity_key,
    max_by(identity, ROW(last_seen, identity)) FILTER (WHERE identity IS NOT NULL) AS identity,
    min(connection_established_time) AS first_use,
    min_by(begin_seen, ROW(connection_established_time, begin_seen))
      -- Client VPN did not exist before December 2018.
      AND coalesce(
        min(coalesce(began_after, TIMESTAMP '2018-12-01 00:00:00')) FILTER (WHERE NOT begin_seen)
          >= min(connection_established_time),
        true
      ) AS first_use_seen,
    max(ends_at) AS last_use,
    count(*) AS sessions,
    count_if(end_seen IS DISTINCT FROM true) AS with_open_end,
    count_if(NOT covered) AS not_covered
  FROM sessions
  WHERE connection_established_time < current_date + INTERVAL '1' DAY
    AND ends_at >= current_date - INTERVAL '400' DAY
  GROUP BY identity_key
)
SELECT
  users.identity,
  users.first_use,
  users.last_use,
  users.sessions,
  date_diff('day', users.last_use, current_timestamp) AS days_since,
  users.identity_key,
  users.first_use_seen,
  users.with_open_end,
  users.not_covered,
  reduce(
    coalesce(not_covered.holes, ARRAY[]),
    BIGINT '0',
    (seconds, hole) -> seconds + greatest(date_diff('second', greatest(hole.begins, users.last_use), hole.ends), 0),
    seconds -> seconds
  ) / 60 AS minutes_not_covered,
  last_merge.as_of,
  reduce(
    coalesce(not_covered.holes, ARRAY[]),
    BIGINT '0',
    (seconds, hole) -> seconds + greatest(date_diff('second', hole.begins, least(hole.ends, users.first_use)), 0),
    seconds -> seconds
  ) / 60 AS minutes_not_covered_before,
  record.recorded_since
FROM users
CROSS JOIN not_covered
CROSS JOIN record
CROSS JOIN last_merge
ORDER BY users.identity_key
