-- How many connections were active on each endpoint, in steps of 15 minutes?
-- Bears on: capacity and quotas, NIST SP 800-53 AC-10.
-- Edit: how many days back, in all four places, of which the first two are a day more. A capture counts in the step in which its first
-- page arrived, and the greatest count of a step is shown. A connection counts once, however often its listing has it, and a moment
-- without anybody counts as 0. A step without a capture has no row, unless a hole touches it: touches_hole is then true, and
-- active_connections is null, which is not 0. as_of is when captures was last merged. Of a step that was not over by then,
-- touches_hole is null if no hole touches it yet. docs/coverage.md defines a hole.
WITH recorded AS (
  -- One row for each object of the ledger, also if the run that wrote it was killed and a later one found it.
  SELECT
    account_id,
    region,
    endpoint_id,
    CAST(snapshot_time AS timestamp(3)) AS snapshot_time,
    min(with_timezone(first_page_at, 'UTC')) AS captured_at,
    max(active_connections) AS active
  FROM captures
  WHERE snapshot_date >= current_date - INTERVAL '8' DAY
    AND kind = 'target'
    AND outcome IN ('complete', 'already_captured')
  GROUP BY account_id, region, endpoint_id, CAST(snapshot_time AS timestamp(3))
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
    CAST(floor(to_unixtime(coalesce(recorded.captured_at, listings.captured_at)) / 900) AS bigint) AS step,
    max(coalesce(listings.active, recorded.active)) AS active_connections
  FROM recorded
  FULL JOIN listings USING (account_id, region, endpoint_id, snapshot_time)
  WHERE coalesce(recorded.captured_at, listings.captured_at) >= current_date - INTERVAL '7' DAY
  GROUP BY 1, 2, 3, 4
),
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
holes AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    CAST(floor(to_unixtime(greatest(gap_begins, with_timezone(current_date - INTERVAL '7' DAY, 'UTC'))) / 900) AS bigint) AS first_step,
    -- A hole that ends with a step does not touch the next.
    CAST(ceil(to_unixtime(gap_ends) / 900) AS bigint) - 1 AS last_step
  FROM gaps
  WHERE is_hole
    AND endpoint_id <> '*'
    AND gap_ends > current_date - INTERVAL '7' DAY
),
steps_in_holes AS (
  SELECT DISTINCT
    holes.account_id,
    holes.region,
    holes.endpoint_id,
    hole.step,
    true AS touches_hole
  FROM holes
  -- A sequence has at most 10,000 elements.
  CROSS JOIN UNNEST(sequence(first_step / 1000, last_step / 1000)) AS thousands (number)
  CROSS JOIN UNNEST(
    sequence(greatest(first_step, 1000 * thousands.number), least(last_step, 1000 * thousands.number + 999))
  ) AS hole (step)
)
SELECT
  account_id,
  region,
  endpoint_id,
  from_unixtime(900 * step, 'UTC') AS step,
  counted.active_connections,
  coalesce(steps_in_holes.touches_hole, if(900 * (step + 1) <= to_unixtime(last_merge.as_of), false)) AS touches_hole,
  last_merge.as_of
FROM counted
FULL JOIN steps_in_holes USING (account_id, region, endpoint_id, step)
CROSS JOIN last_merge
ORDER BY 1, 2, 3, 4
