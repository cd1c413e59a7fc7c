-- How many connections were active on each endpoint, in steps of 15 minutes?
-- Serves: capacity and quotas, NIST SP 800-53 AC-10.
-- Edit: how many days back, in all four places, of which the first two are a day more. A capture counts in the step in which its first
-- page arrived, and the greatest count of a step is shown. A connection counts once, however often its listing has it, and a moment
-- without anybody counts as 0. A step without a capture has no row, unless a hole touches it: touches_hole is then true, and
-- active_connections is null, which is not 0. docs/evidence.md defines a hole. For holes the query reads the record of 400 days.
WITH captures AS (
  -- One row for each object of the ledger, also if the run that wrote it was killed and a later one found it.
  SELECT
    target.account_id,
    target.region,
    target.endpoint_id,
    CAST(from_iso8601_timestamp(runs.snapshot_time) AS timestamp(3)) AS snapshot_time,
    min(from_iso8601_timestamp(target.first_page_at)) AS captured_at,
    max(target.active) AS active
  FROM runs
  CROSS JOIN UNNEST(runs.targets) AS target
  WHERE runs.snapshot_date >= CAST(current_date - INTERVAL '8' DAY AS varchar)
    AND target.outcome IN ('complete', 'already_captured')
  GROUP BY 1, 2, 3, 4
),
listings AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    snapshot_time,
    min(with_timezone(captured_at, 'UTC')) AS captured_at,
    count(DISTINCT if(status_code = 'active', connection_id))
      + count_if(status_code = 'active' AND connection_id IS NULL) AS active
  FROM connections
  WHERE snapshot_date >= CAST(current_date - INTERVAL '8' DAY AS varchar)
  GROUP BY account_id, region, endpoint_id, snapshot_time
),
counted AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    CAST(floor(to_unixtime(coalesce(captures.captured_at, listings.captured_at)) / 900) AS bigint) AS step,
    max(coalesce(listings.active, captures.active)) AS active_connections
  FROM captures
  FULL JOIN listings USING (account_id, region, endpoint_id, snapshot_time)
  WHERE coalesce(captures.captured_at, listings.captured_at) >= current_date - INTERVAL '7' DAY
  GROUP BY 1, 2, 3, 4
),
ledger AS (
  SELECT "$path" AS record_path, account_id, region, start, scheduled, targets, places
  FROM runs
  WHERE runs.snapshot_date >= CAST(current_date - INTERVAL '400' DAY AS varchar)
),
-- BEGIN HOLES: the same lines as in coverage_holes.sql
entries AS (
  -- Attempts at endpoints, attempts at listing them (under *), and under each endpoint the listings that have it. With
  -- LedgerUnreadable, EC2 listed them, and the list was compared with no earlier one.
  SELECT
    entry.account_id,
    entry.region,
    entry.endpoint_id,
    entry.kind,
    entry.outcome,
    entry.error_code,
    coalesce(entry.object_key, ledger.record_path) AS object_key,
    from_iso8601_timestamp(coalesce(entry.first_page_requested_at, ledger.start)) AS begins,
    from_iso8601_timestamp(entry.first_page_at) AS first_page_at,
    from_iso8601_timestamp(entry.last_page_at) AS ends,
    -- Null in a record that is older than the field.
    coalesce(ledger.scheduled, true) AS is_scheduled
  FROM ledger
  CROSS JOIN UNNEST(
    transform(
      coalesce(targets, ARRAY[]),
      target -> ROW(
        target.account_id, target.region, target.endpoint_id, 'attempt', target.outcome, target.error.code,
        target.object_key, target.first_page_requested_at, target.first_page_at, target.last_page_at
      )
    )
    || flatten(
      transform(
        filter(coalesce(places, ARRAY[]), place -> place.discovery IS NOT NULL),
        place -> transform(
          ARRAY['*'] || if(coalesce(place.discovery.error.code, 'LedgerUnreadable') = 'LedgerUnreadable', coalesce(place.discovery.endpoints, ARRAY[]), ARRAY[]),
          endpoint_id -> ROW(
            place.account_id, place.region, endpoint_id, if(endpoint_id = '*', 'attempt', 'listed'),
            if(coalesce(place.discovery.error.code, 'LedgerUnreadable') = 'LedgerUnreadable' AND place.discovery.endpoints IS NOT NULL, 'complete', 'failed'),
            place.discovery.error.code,
            CAST(NULL AS varchar), place.discovery.first_page_requested_at, place.discovery.first_page_at,
            place.discovery.last_page_at
          )
        )
      )
    )
  ) AS entry (
    account_id, region, endpoint_id, kind, outcome, error_code,
    object_key, first_page_requested_at, first_page_at, last_page_at
  )
  -- A record speaks of its own account and Region alone.
  WHERE entry.account_id = ledger.account_id
    AND entry.region = ledger.region
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
  SELECT
    *,
    max(if(captured AND endpoint_id = '*', begins)) OVER (
      PARTITION BY account_id, region
      ORDER BY begins RANGE BETWEEN UNBOUNDED PRECEDING AND INTERVAL '0.001' SECOND PRECEDING
    ) AS listed_before,
    min(if(captured AND endpoint_id = '*', begins)) OVER (
      PARTITION BY account_id, region
      ORDER BY last_begins RANGE BETWEEN INTERVAL '0.001' SECOND FOLLOWING AND UNBOUNDED FOLLOWING
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
      ORDER BY at RANGE BETWEEN INTERVAL '0.001' SECOND FOLLOWING AND UNBOUNDED FOLLOWING
    ) AS next_ends
  FROM steps
),
gaps AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    gap_begins,
    coalesce(next_ends, gone_at, current_timestamp) AS gap_ends,
    next_ends IS NULL AND gone_at IS NULL AS open,
    coalesce(next_ends, gone_at, current_timestamp) >= gap_begins + INTERVAL '60' MINUTE
      OR (next_ends IS NULL AND gone_at IS NOT NULL) AS is_hole,
    sum(failures) AS failures,
    array_sort(array_distinct(flatten(array_agg(error_codes)))) AS error_codes
  FROM ordered
  WHERE gap_begins IS NOT NULL
  GROUP BY account_id, region, endpoint_id, gap_begins, next_ends, gone_at
),
-- END HOLES
steps_in_holes AS (
  SELECT DISTINCT
    gaps.account_id,
    gaps.region,
    gaps.endpoint_id,
    hole.step,
    true AS touches_hole
  FROM gaps
  CROSS JOIN UNNEST(
    sequence(
      CAST(floor(to_unixtime(greatest(gaps.gap_begins, with_timezone(current_date - INTERVAL '7' DAY, 'UTC'))) / 900) AS bigint),
      -- A hole that ends with a step does not touch the next.
      CAST(ceil(to_unixtime(gaps.gap_ends) / 900) AS bigint) - 1
    )
  ) AS hole (step)
  WHERE gaps.is_hole
    AND gaps.endpoint_id <> '*'
    AND gaps.gap_ends > current_date - INTERVAL '7' DAY
)
SELECT
  account_id,
  region,
  endpoint_id,
  from_unixtime(900 * step, 'UTC') AS step,
  counted.active_connections,
  coalesce(steps_in_holes.touches_hole, false) AS touches_hole
FROM counted
FULL JOIN steps_in_holes USING (account_id, region, endpoint_id, step)
ORDER BY 1, 2, 3, 4
