-- Whom did the posture policy deny, and which sessions went on nevertheless, in shadow mode?
-- Bears on: PCI DSS 10.2.1.4, NIST SP 800-53 AC-17(1) and CM-8, ISO/IEC 27001 A.8.1.
-- Edit: the first day, and the day after the last, in UTC. A row is a connection with an event whose policy result is not permit: deny,
-- error (the policy could not be evaluated), or a word that AWS adds. So is one whose attempt failed with authorization-policy-deny.
-- finding is `attempt denied`, `went on in shadow mode` if the attempt succeeded or the session lasted more than 60 seconds after the first
-- denial, `went on` for the same without shadow mode, `ended` if it ended within that time, and `not known` if no session of it is merged,
-- or if nobody saw when it ended. seconds_after is how long it went on, as far as the session is known. An endpoint whose logging is off,
-- and a window that was not read, have no denials: endpoint_minutes_not_recorded is for how long, over all endpoints, that is so. Null: no
-- endpoint is on record, or all is later than recorded_until. It counts up to that time, an hour before the last merge of captures. AWS
-- evaluates a policy every five minutes, and does not say if it logs each evaluation. If there is nothing to show, one row has these
-- columns.
WITH asked AS (
  SELECT
    CAST(current_date - INTERVAL '30' DAY AS timestamp(6)) AS from_time,
    CAST(current_date + INTERVAL '1' DAY AS timestamp(6)) AS to_time
),
last_merge AS (
  -- The record of later time is not known.
  SELECT max(merged_at) AS as_of
  FROM captures
),
periods AS (
  SELECT 'asked' AS period, from_time AS begins, least(to_time, as_of - INTERVAL '1' HOUR) AS ends
  FROM asked
  CROSS JOIN last_merge
),
described AS (
  SELECT endpoints.*
  FROM endpoints
  CROSS JOIN asked
  -- A day earlier: for the configuration in force at the beginning.
  WHERE snapshot_date >= CAST(CAST(asked.from_time - INTERVAL '1' DAY AS date) AS varchar)
    AND snapshot_date <= CAST(CAST(asked.to_time AS date) AS varchar)
),
-- BEGIN GENERATED sql_fragments/not_recorded.sql
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
-- END GENERATED sql_fragments/not_recorded.sql
events AS (
  SELECT
    *,
    coalesce(username, common_name) AS identity,
    row_number() OVER (
      PARTITION BY account_id, region, log_group, event_id ORDER BY snapshot_time, captured_at
    ) AS reading
  FROM connection_logs
  CROSS JOIN asked
  -- The partition of an event is the day on which its window was due, up to two days later.
  WHERE snapshot_date >= CAST(CAST(asked.from_time AS date) AS varchar)
    AND snapshot_date <= CAST(CAST(asked.to_time + INTERVAL '1' DAY AS date) AS varchar)
    AND (event_time >= asked.from_time AND event_time < asked.to_time OR event_time IS NULL)
    AND (policy_result <> 'permit' OR connection_attempt_failure_reason = 'authorization-policy-deny')
),
denied AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    connection_id,
    max_by(identity, ROW(coalesce(event_time, TIMESTAMP '0001-01-01 00:00:00'), event_id)) FILTER (
      WHERE identity IS NOT NULL
    ) AS identity,
    max_by(device_ip, ROW(coalesce(event_time, TIMESTAMP '0001-01-01 00:00:00'), event_id)) FILTER (
      WHERE device_ip IS NOT NULL
    ) AS device_ip,
    count(*) AS denials,
    min(event_time) AS first_denied,
    max(event_time) AS last_denied,
    array_join(array_sort(array_agg(DISTINCT policy_result) FILTER (WHERE policy_result IS NOT NULL)), ', ') AS policy_results,
    array_join(array_sort(array_agg(DISTINCT policy_reason) FILTER (WHERE policy_reason IS NOT NULL)), ', ') AS policy_reasons,
    array_join(array_sort(array_agg(DISTINCT policy_evaluation_type) FILTER (WHERE policy_evaluation_type IS NOT NULL)), ', ') AS policy_evaluation_types,
    array_join(array_sort(array_agg(DISTINCT policy_shadow_mode) FILTER (WHERE policy_shadow_mode IS NOT NULL)), ', ') AS policy_shadow_modes,
    bool_or(connection_attempt_status = 'failed') AS failed,
    bool_or(connection_attempt_status = 'successful') AS succeeded,
    bool_and(coalesce(policy_shadow_mode = 'enabled', false)) AS is_shadow
  FROM events
  WHERE reading = 1
  -- Events without a connection id are each a row.
  GROUP BY account_id, region, endpoint_id, connection_id, if(connection_id IS NULL, event_id)
),
recent AS (
  SELECT sessions.*
  FROM sessions
  CROSS JOIN asked
  WHERE ended_before >= asked.from_time - INTERVAL '1' DAY OR ended_before IS NULL
),
beside_sessions AS (
  SELECT
    denied.*,
    sessions.connection_established_time,
    sessions.ends_at,
    sessions.end_seen,
    sessions.ended_before,
    greatest(date_diff('second', denied.first_denied, sessions.ends_at), 0) AS seconds_after
  FROM denied
  LEFT JOIN recent AS sessions
    ON sessions.account_id = denied.account_id
    AND sessions.region = denied.region
    AND sessions.endpoint_id = denied.endpoint_id
    AND sessions.connection_id = denied.connection_id
),
shown AS (
  SELECT
    *,
    CASE
      WHEN failed AND coalesce(seconds_after <= 60, true) THEN 'attempt denied'
      WHEN succeeded OR seconds_after > 60 THEN if(is_shadow, 'went on in shadow mode', 'went on')
      WHEN date_diff('second', first_denied, ended_before) <= 60 THEN 'ended'
      WHEN denials IS NOT NULL THEN 'not known'
    END AS finding
  FROM beside_sessions
)
SELECT
  shown.identity,
  shown.account_id,
  shown.region,
  shown.endpoint_id,
  shown.connection_id,
  shown.device_ip,
  shown.finding,
  coalesce(shown.denials, 0) AS denials,
  shown.first_denied,
  shown.last_denied,
  shown.policy_results,
  shown.policy_reasons,
  shown.policy_evaluation_types,
  shown.policy_shadow_modes,
  shown.connection_established_time,
  shown.ends_at,
  shown.end_seen,
  shown.seconds_after,
  lower(coalesce(nullif(regexp_replace(shown.identity, '^[^\\]*\\', ''), ''), shown.identity)) AS identity_key,
  not_recorded.minutes AS endpoint_minutes_not_recorded,
  with_timezone(periods.ends, 'UTC') AS recorded_until,
  with_timezone(last_merge.as_of, 'UTC') AS as_of
FROM last_merge
CROSS JOIN periods
JOIN not_recorded ON not_recorded.period = periods.period
LEFT JOIN shown ON true
ORDER BY shown.first_denied, shown.connection_id, shown.account_id, shown.region, shown.endpoint_id, shown.identity
