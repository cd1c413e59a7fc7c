-- Counts how long, over all endpoints, events of connection logs cannot be known in each period.
-- Reads captures, periods (period, begins, ends), and described: the rows of endpoints from a day before the first period on.
-- Gives not_recorded (period, minutes): the minutes in which an endpoint's logging was off or its window was not read.
configurations AS (
  -- The log group of each endpoint in each snapshot. Null: logging is off, or not known, or AWS described the endpoint in two ways.
  SELECT
    account_id,
    region,
    endpoint_id,
    snapshot_time,
    min(captured_at) AS seen_at,
    min(creation_time) AS creation_time,
    if(
      bool_and(coalesce(connection_log_enabled, false)) AND count(DISTINCT coalesce(connection_log_group, '')) = 1,
      min(connection_log_group)
    ) AS log_group
  FROM described
  WHERE endpoint_id IS NOT NULL
  GROUP BY account_id, region, endpoint_id, snapshot_time
),
gone AS (
  -- A listing after its last snapshot does not have it.
  SELECT DISTINCT last.account_id, last.region, last.endpoint_id, true AS is_unlisted
  FROM (
    SELECT account_id, region, endpoint_id, max(seen_at) AS seen_at
    FROM configurations
    GROUP BY account_id, region, endpoint_id
  ) AS last
  JOIN captures
    ON captures.account_id = last.account_id
    AND captures.region = last.region
    AND captures.attempted_at > last.seen_at
  WHERE captures.kind IN ('listing', 'endpoints')
    AND captures.outcome = 'complete'
    AND NOT contains(CAST(json_parse(captures.endpoint_ids) AS array(varchar)), last.endpoint_id)
),
followed AS (
  SELECT
    *,
    row_number() OVER endpoint = 1 AS is_first,
    lag(log_group) OVER endpoint AS log_group_before,
    max(seen_at) OVER (PARTITION BY account_id, region, endpoint_id) AS last_seen_at,
    coalesce(is_unlisted, false)
      OR max(snapshot_time) OVER (PARTITION BY account_id, region, endpoint_id)
        < max(snapshot_time) OVER (PARTITION BY account_id, region) AS is_gone
  FROM configurations
  LEFT JOIN gone USING (account_id, region, endpoint_id)
  WINDOW endpoint AS (PARTITION BY account_id, region, endpoint_id ORDER BY seen_at, snapshot_time)
),
stretches AS (
  -- Times in which an endpoint had one log group, or none. Before the first snapshot, since its creation, none is known, but for an hour.
  -- An hour after the last snapshot, a window counts only if the run that read it found that the endpoint logs there.
  SELECT changes.account_id, changes.region, changes.endpoint_id, part.log_group, part.begins, part.ends, part.is_unseen
  FROM (
    SELECT
      *,
      lead(seen_at) OVER (PARTITION BY account_id, region, endpoint_id ORDER BY seen_at, snapshot_time) AS changed_at,
      is_first AND coalesce(creation_time <= seen_at - INTERVAL '60' MINUTE, true) AS is_unknown_before
    FROM followed
    WHERE is_first OR log_group IS DISTINCT FROM log_group_before
  ) AS changes
  CROSS JOIN UNNEST(filter(
    CAST(
      ARRAY[
        ROW(
          is_unknown_before,
          NULL,
          coalesce(creation_time, TIMESTAMP '2018-12-01 00:00:00'),
          seen_at,
          false
        ),
        ROW(
          true,
          changes.log_group,
          if(is_first AND NOT is_unknown_before, creation_time, seen_at),
          coalesce(changed_at, if(is_gone, last_seen_at, last_seen_at + INTERVAL '60' MINUTE)),
          false
        ),
        ROW(
          changed_at IS NULL AND NOT is_gone,
          changes.log_group,
          last_seen_at + INTERVAL '60' MINUTE,
          TIMESTAMP '9999-12-31 00:00:00',
          true
        )
      ] AS array(ROW(is_there boolean, log_group varchar, begins timestamp(6), ends timestamp(6), is_unseen boolean))
    ),
    part -> part.is_there
  )) AS part (is_there, log_group, begins, ends, is_unseen)
  UNION ALL
  -- Of an endpoint that is captured, and that no snapshot of these days describes, nothing is known.
  SELECT captured.account_id, captured.region, captured.endpoint_id, NULL, captured.begins, coalesce(
    min(captures.attempted_at),
    TIMESTAMP '9999-12-31 00:00:00'
  ), false
  FROM (
    -- One that is named by its id is tried after it is gone too, and fails.
    SELECT
      account_id,
      region,
      endpoint_id,
      min(attempted_at) AS begins,
      coalesce(max(attempted_at) FILTER (WHERE outcome <> 'failed'), min(attempted_at)) AS last_answer
    FROM captures
    WHERE kind = 'target'
    GROUP BY account_id, region, endpoint_id
  ) AS captured
  LEFT JOIN (SELECT DISTINCT account_id, region, true AS is_described FROM described WHERE endpoint_id IS NOT NULL) AS places
    ON places.account_id = captured.account_id
    AND places.region = captured.region
  LEFT JOIN captures
    ON captures.account_id = captured.account_id
    AND captures.region = captured.region
    AND captures.attempted_at > captured.last_answer
    AND captures.kind IN ('listing', 'endpoints')
    AND captures.outcome = 'complete'
    AND NOT contains(CAST(json_parse(captures.endpoint_ids) AS array(varchar)), captured.endpoint_id)
  -- A snapshot describes every endpoint that there is.
  WHERE places.is_described IS NULL
  GROUP BY captured.account_id, captured.region, captured.endpoint_id, captured.begins
),
windows AS (
  SELECT
    account_id,
    region,
    split_part(log_group, ':', 7) AS log_group,
    window_start,
    window_end,
    flatten(array_agg(coalesce(CAST(json_parse(endpoint_ids) AS array(varchar)), ARRAY[]))) AS endpoint_ids
  FROM captures
  WHERE kind = 'window'
    AND outcome IN ('complete', 'already_captured')
    AND NOT late
  GROUP BY 1, 2, 3, 4, 5
),
expected AS (
  SELECT
    periods.period,
    stretches.account_id,
    stretches.region,
    stretches.endpoint_id,
    stretches.log_group,
    stretches.is_unseen,
    greatest(stretches.begins, periods.begins) AS begins,
    least(stretches.ends, periods.ends) AS ends
  FROM stretches
  CROSS JOIN periods
),
recorded AS (
  SELECT
    expected.period,
    sum(date_diff(
      'millisecond', greatest(expected.begins, windows.window_start), least(expected.ends, windows.window_end)
    )) AS millis
  FROM expected
  JOIN windows
    ON windows.account_id = expected.account_id
    AND windows.region = expected.region
    AND windows.log_group = expected.log_group
    AND windows.window_start < expected.ends
    AND windows.window_end > expected.begins
    AND expected.begins < expected.ends
    AND (NOT expected.is_unseen OR contains(windows.endpoint_ids, expected.endpoint_id))
  GROUP BY expected.period
),
not_recorded AS (
  -- Rounded up. Null: no endpoint is on record, or nothing of that time.
  SELECT
    periods.period,
    if(
      count(expected.account_id) > 0 AND max(periods.begins) < max(periods.ends),
      (
        coalesce(sum(greatest(date_diff('millisecond', expected.begins, expected.ends), 0)), 0) - coalesce(max(recorded.millis), 0) + 59999
      ) / 60000
    ) AS minutes
  FROM periods
  LEFT JOIN expected ON expected.period = periods.period
  LEFT JOIN recorded ON recorded.period = periods.period
  GROUP BY periods.period
),
