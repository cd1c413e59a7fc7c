-- For how many hours of each day did each endpoint log its connections, how many of them are in the lake, and how long was logging off?
-- Bears on: PCI DSS 10.2.1.6 and 10.7.2, NIST SP 800-53 AU-5 and AU-12.
-- Edit: how many days back, in asked, at most 100, and a day more in seen, to know the configuration at the beginning.
-- Logging was on in a window of 15 minutes if snapshots before and after it, or in it, show so. Its hours_on are in the lake,
-- missing, pending (not in the lake, and due for less than an hour) or not_read: when they were over, no run had named the log group
-- yet, as when no setting allows it. Logging was off from the first snapshot that shows it until the first that does not. In
-- hours_not_read_again, events that came late are missing: a log group that keeps events for one day is never read again.
-- error_codes are those of the missing windows, and of their log groups on the days on which they were due.
-- as_of is when captures was last merged. Nothing is known of later time, or of an endpoint after its last snapshot. A window
-- whose run was killed before it wrote its record is missing here, and in the lake for the command coverage. If there is nothing to
-- show, one row has as_of. docs/coverage.md has the definition.
WITH
asked AS (
  SELECT CAST(current_date - INTERVAL '30' DAY AS timestamp) AS since
),
last_merge AS (
  SELECT max(merged_at) AS as_of
  FROM captures
),
seen AS (
  -- An endpoint has one row for each snapshot, also if AWS described it in two ways.
  SELECT
    account_id,
    region,
    endpoint_id,
    snapshot_time,
    min(captured_at) AS seen_at,
    bool_or(connection_log_enabled) AS is_on,
    max(if(connection_log_enabled, connection_log_group)) AS log_group_name
  FROM endpoints
  WHERE snapshot_date >= CAST(current_date - INTERVAL '31' DAY AS varchar)
    AND endpoint_id IS NOT NULL
    AND coalesce(status_code, '') <> 'deleted'
  GROUP BY account_id, region, endpoint_id, snapshot_time
),
compared AS (
  SELECT
    seen.*,
    CASE
      WHEN row_number() OVER endpoint = 1 THEN 1
      WHEN is_on IS DISTINCT FROM lag(is_on) OVER endpoint THEN 1
      WHEN log_group_name IS DISTINCT FROM lag(log_group_name) OVER endpoint THEN 1
      ELSE 0
    END AS is_change
  FROM seen
  CROSS JOIN last_merge
  WHERE seen_at <= as_of
  WINDOW endpoint AS (PARTITION BY account_id, region, endpoint_id ORDER BY seen_at, snapshot_time)
),
numbered AS (
  SELECT
    compared.*,
    sum(is_change) OVER (
      PARTITION BY account_id, region, endpoint_id ORDER BY seen_at, snapshot_time ROWS UNBOUNDED PRECEDING
    ) AS number
  FROM compared
),
states AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    number,
    is_on,
    log_group_name,
    min(seen_at) AS first_seen,
    max(seen_at) AS last_seen,
    coalesce(lead(min(seen_at)) OVER (PARTITION BY account_id, region, endpoint_id ORDER BY number), max(seen_at)) AS until
  FROM numbered
  GROUP BY account_id, region, endpoint_id, number, is_on, log_group_name
),
log_windows AS (
  SELECT DISTINCT
    states.account_id,
    states.region,
    states.endpoint_id,
    states.log_group_name,
    step.window_start
  FROM states
  CROSS JOIN asked
  CROSS JOIN last_merge
  CROSS JOIN UNNEST(
    sequence(
      date_trunc('hour', greatest(first_seen, since)) + minute(greatest(first_seen, since)) / 15 * INTERVAL '15' MINUTE,
      greatest(last_seen, since),
      INTERVAL '15' MINUTE
    )
  ) AS step (window_start)
  WHERE is_on
    AND last_seen >= since
    AND step.window_start + INTERVAL '15' MINUTE <= as_of
),
readings AS (
  SELECT
    account_id,
    region,
    regexp_replace(log_group, '^([^:]*:){6}') AS log_group_name,
    window_start,
    late,
    bool_or(outcome IN ('complete', 'already_captured')) AS is_in_lake,
    array_agg(error_code) FILTER (WHERE error_code IS NOT NULL) AS error_codes
  FROM captures
  CROSS JOIN asked
  WHERE kind = 'window'
    AND window_start >= since
  GROUP BY 1, 2, 3, 4, 5
),
log_groups AS (
  -- From when on runs named a log group. One that no setting allows has no row.
  SELECT
    account_id,
    region,
    regexp_replace(log_group, '^([^:]*:){6}') AS log_group_name,
    min(snapshot_time) AS named_since
  FROM captures
  WHERE kind IN ('window', 'log_group')
    AND log_group IS NOT NULL
  GROUP BY 1, 2, 3
),
failures AS (
  -- Without a log group, the error is that of all of the account and Region.
  SELECT
    account_id,
    region,
    regexp_replace(log_group, '^([^:]*:){6}') AS log_group_name,
    CAST(attempted_at AS date) AS day,
    array_agg(DISTINCT error_code) AS error_codes
  FROM captures
  CROSS JOIN asked
  WHERE kind = 'log_group'
    AND attempted_at >= since
  GROUP BY 1, 2, 3, 4
),
judged AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    log_group_name,
    window_start,
    readings.error_codes,
    CAST(window_start + INTERVAL '45' MINUTE AS date) AS due_day,
    CASE
      WHEN readings.is_in_lake THEN 'in lake'
      WHEN window_start + INTERVAL '105' MINUTE > as_of THEN 'pending'
      WHEN coalesce(window_start + INTERVAL '15' MINUTE > log_groups.named_since, false) THEN 'missing'
      ELSE 'not read'
    END AS state
  FROM log_windows
  CROSS JOIN last_merge
  LEFT JOIN (SELECT * FROM readings WHERE NOT late) AS readings
    USING (account_id, region, log_group_name, window_start)
  LEFT JOIN log_groups USING (account_id, region, log_group_name)
),
not_read_again AS (
  -- Hours whose windows are all in the lake. One with a missing window is missing already.
  SELECT account_id, region, endpoint_id, log_group_name, window_start
  FROM (
    SELECT account_id, region, log_group_name, date_trunc('hour', window_start) AS window_start, endpoint_id
    FROM judged
    GROUP BY 1, 2, 3, 4, 5
    HAVING bool_and(state = 'in lake')
  ) AS hours
  CROSS JOIN last_merge
  LEFT JOIN (SELECT * FROM readings WHERE late) AS second
    USING (account_id, region, log_group_name, window_start)
  WHERE NOT coalesce(second.is_in_lake, false)
    -- Due 24.5 hours after its end, and an hour to read it.
    AND window_start + INTERVAL '1590' MINUTE <= as_of
),
codes AS (
  SELECT judged.account_id, judged.region, judged.endpoint_id, judged.window_start, code.error_code
  FROM judged
  LEFT JOIN failures
    ON failures.account_id = judged.account_id
    AND failures.region = judged.region
    AND failures.day = judged.due_day
    AND coalesce(failures.log_group_name, judged.log_group_name) = judged.log_group_name
  CROSS JOIN UNNEST(coalesce(judged.error_codes, ARRAY[]) || coalesce(failures.error_codes, ARRAY[])) AS code (error_code)
  WHERE judged.state = 'missing'
),
parts AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    CAST(window_start AS date) AS day,
    log_group_name,
    state,
    CAST(NULL AS varchar) AS error_code,
    900 AS seconds
  FROM judged
  UNION ALL
  SELECT account_id, region, endpoint_id, CAST(window_start AS date), log_group_name, 'not read again', NULL, 3600
  FROM not_read_again
  UNION ALL
  SELECT account_id, region, endpoint_id, CAST(window_start AS date), NULL, 'code', error_code, 0
  FROM codes
  UNION ALL
  SELECT
    account_id,
    region,
    endpoint_id,
    CAST(step.day AS date),
    NULL,
    'off',
    NULL,
    date_diff('second', greatest(first_seen, step.day), least(until, step.day + INTERVAL '1' DAY))
  FROM states
  CROSS JOIN asked
  CROSS JOIN UNNEST(
    sequence(date_trunc('day', greatest(first_seen, since)), greatest(until, since), INTERVAL '1' DAY)
  ) AS step (day)
  WHERE NOT is_on
    AND until > since
),
days AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    day,
    array_join(
      array_sort(coalesce(array_agg(DISTINCT log_group_name) FILTER (WHERE log_group_name IS NOT NULL), ARRAY[])), ', '
    ) AS log_groups,
    sum(if(state IN ('in lake', 'missing', 'pending', 'not read'), seconds, 0)) / 3600e0 AS hours_on,
    sum(if(state = 'in lake', seconds, 0)) / 3600e0 AS hours_in_lake,
    sum(if(state = 'missing', seconds, 0)) / 3600e0 AS hours_missing,
    sum(if(state = 'pending', seconds, 0)) / 3600e0 AS hours_pending,
    sum(if(state = 'not read', seconds, 0)) / 3600e0 AS hours_not_read,
    sum(if(state = 'not read again', seconds, 0)) / 3600e0 AS hours_not_read_again,
    sum(if(state = 'off', seconds, 0)) / 60 AS minutes_off,
    array_join(
      array_sort(coalesce(array_agg(DISTINCT error_code) FILTER (WHERE error_code IS NOT NULL), ARRAY[])), ', '
    ) AS error_codes
  FROM parts
  GROUP BY account_id, region, endpoint_id, day
)
SELECT
  days.*,
  with_timezone(last_merge.as_of, 'UTC') AS as_of
FROM last_merge
LEFT JOIN days ON true
ORDER BY 1, 2, 3, 4
