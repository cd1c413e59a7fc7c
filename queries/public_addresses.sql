-- From which public addresses did each user connect, and which of them are new?
-- Bears on: PCI DSS 10.2.2 (origin), NIST SP 800-53 AU-3 and AC-2(12), ISO/IEC 27001 A.8.15.
-- Edit: the first day of the period, the day after its last, and the first day of the time before it, in UTC. Users are as the connection
-- log names them, in lower case and without a domain. Failed attempts and those that wait for a SAML assertion do not count. finding is
-- `seen before` if the user had the address in the time before, and `new` if not and everything of that time is recorded. It is `not known`
-- if anything of that time is not recorded, or is later than recorded_until, or a name, or an address of the user, is missing or masked
-- there, and `masked` if a data protection policy hides the address. endpoint_minutes_not_recorded is for how long, over all endpoints,
-- events of the period cannot be known, because the endpoint's logging was off or the window was not read.
-- endpoint_minutes_not_recorded_before is the same of the time before. Null: no endpoint is on record, or all is later than recorded_until.
-- They count up to that time, an hour before the last merge of captures, since newer windows are not due. If there is nothing to show, one
-- row has these columns.
WITH asked AS (
  SELECT
    CAST(current_date - INTERVAL '30' DAY AS timestamp(6)) AS from_time,
    CAST(current_date + INTERVAL '1' DAY AS timestamp(6)) AS to_time,
    CAST(current_date - INTERVAL '120' DAY AS timestamp(6)) AS before_time
),
last_merge AS (
  -- The record of later time is not known.
  SELECT max(merged_at) AS as_of
  FROM captures
),
periods AS (
  SELECT
    period.name AS period,
    period.begins,
    least(period.ends, last_merge.as_of - INTERVAL '1' HOUR) AS ends
  FROM asked
  CROSS JOIN last_merge
  CROSS JOIN UNNEST(
    ARRAY['asked', 'before'],
    ARRAY[asked.from_time, asked.before_time],
    ARRAY[asked.to_time, asked.from_time]
  ) AS period (name, begins, ends)
),
described AS (
  SELECT endpoints.*
  FROM endpoints
  CROSS JOIN asked
  -- A day earlier: for the configuration in force at the beginning.
  WHERE snapshot_date >= CAST(CAST(asked.before_time - INTERVAL '1' DAY AS date) AS varchar)
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
    account_id,
    region,
    endpoint_id,
    connection_id,
    event_time,
    -- An IPv6 address has several forms.
    coalesce(CAST(try_cast(device_ip AS ipaddress) AS varchar), device_ip) AS device_ip,
    coalesce(username, common_name) AS identity,
    event_time < asked.from_time AS is_before
  FROM connection_logs
  CROSS JOIN asked
  -- The partition of an event is the day on which its window was due, up to two days later.
  WHERE snapshot_date >= CAST(CAST(asked.before_time AS date) AS varchar)
    AND snapshot_date <= CAST(CAST(asked.to_time + INTERVAL '1' DAY AS date) AS varchar)
    AND event_time >= asked.before_time
    AND event_time < asked.to_time
    AND connection_log_type IS NOT NULL
    AND coalesce(connection_attempt_status, '') NOT IN ('failed', 'waiting-for-assertion')
    AND coalesce(connection_reset_status, '') <> 'assertion-received'
),
addresses AS (
  SELECT
    lower(coalesce(nullif(regexp_replace(identity, '^[^\\]*\\', ''), ''), identity)) AS identity_key,
    device_ip,
    array_join(array_sort(array_agg(DISTINCT identity) FILTER (WHERE identity IS NOT NULL AND NOT is_before)), ', ') AS identities,
    count(DISTINCT ROW(account_id, region, endpoint_id, connection_id)) FILTER (WHERE NOT is_before) AS connections,
    count(DISTINCT ROW(account_id, region, endpoint_id)) FILTER (WHERE NOT is_before) AS endpoints,
    min(event_time) FILTER (WHERE NOT is_before) AS first_seen,
    max(event_time) FILTER (WHERE NOT is_before) AS last_seen,
    max(event_time) FILTER (WHERE is_before) AS last_seen_before
  FROM events
  GROUP BY 1, 2
),
compared AS (
  SELECT
    *,
    -- In the time before, an address of the user is missing or masked, or the name of anybody is.
    bool_or(last_seen_before IS NOT NULL AND coalesce(regexp_like(device_ip, '^[*]+$'), true)) OVER (
      PARTITION BY identity_key
    ) AS address_hidden_before,
    bool_or(last_seen_before IS NOT NULL AND coalesce(regexp_like(identity_key, '^[*]+$'), true)) OVER () AS name_hidden_before
  FROM addresses
),
shown AS (
  SELECT *
  FROM compared
  WHERE first_seen IS NOT NULL
)
SELECT
  shown.identities,
  shown.device_ip,
  CASE
    WHEN shown.connections IS NULL THEN NULL
    WHEN regexp_like(shown.device_ip, '^[*]+$') THEN 'masked'
    WHEN shown.device_ip IS NULL OR coalesce(regexp_like(shown.identity_key, '^[*]+$'), true) THEN 'not known'
    WHEN shown.last_seen_before IS NOT NULL THEN 'seen before'
    WHEN before.minutes = 0 AND time_before.ends = periods.begins AND NOT shown.address_hidden_before AND NOT shown.name_hidden_before THEN 'new'
    ELSE 'not known'
  END AS finding,
  shown.first_seen,
  shown.last_seen,
  shown.last_seen_before,
  coalesce(shown.connections, 0) AS connections,
  shown.endpoints,
  shown.identity_key,
  asked.minutes AS endpoint_minutes_not_recorded,
  before.minutes AS endpoint_minutes_not_recorded_before,
  with_timezone(periods.ends, 'UTC') AS recorded_until,
  with_timezone(last_merge.as_of, 'UTC') AS as_of
FROM last_merge
JOIN periods ON periods.period = 'asked'
JOIN periods AS time_before ON time_before.period = 'before'
JOIN not_recorded AS asked ON asked.period = 'asked'
JOIN not_recorded AS before ON before.period = 'before'
LEFT JOIN shown ON true
ORDER BY shown.identity_key, shown.first_seen, shown.device_ip
