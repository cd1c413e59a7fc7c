-- Adds to `sessions` what the connection logs say of each connection, after the merge of snapshots. Each column combines what the row has
-- from earlier days with the events since {logs_from}, so merges in any order, of any days, end in the same rows.
-- An event of day D lies in the partitions of D to D + 2. So all events of {logs_from} and later days are read.
MERGE INTO sessions AS known
USING (
  WITH
  events AS (
    SELECT
      account_id,
      region,
      endpoint_id,
      connection_id,
      event_id,
      coalesce(CAST(event_time AS varchar), '') AS event_time,
      if(
        CAST(event_time AS date) BETWEEN CAST(snapshot_date AS date) - INTERVAL '2' DAY AND CAST(snapshot_date AS date),
        CAST(event_time AS date),
        CAST(snapshot_date AS date)
      ) AS event_day,
      device_ip,
      device_type,
      CAST(port AS varchar) AS port,
      transport_protocol,
      policy_result
    FROM connection_logs
    WHERE snapshot_date >= '{logs_from}'
      AND connection_id IS NOT NULL
  ),
  windows AS (
    -- The first readings, whose objects have every event that was not late.
    SELECT DISTINCT
      account_id,
      region,
      regexp_extract(log_group, ':log-group:(.*)$', 1) AS log_group,
      window_start
    FROM captures
    WHERE kind = 'window'
      AND outcome IN ('complete', 'already_captured')
      AND NOT late
  ),
  remembered AS (
    -- The rows that may change: those with events, those that the log may yet have or prove to lack, and those whose log group the
    -- days that are read may settle. Events of more than two days before the first sight do not count, so that no merge reads more.
    SELECT
      sessions.account_id,
      sessions.region,
      sessions.endpoint_id,
      sessions.connection_id,
      sessions.first_seen,
      sessions.connection_established_time,
      sessions.begin_seen,
      sessions.logged,
      sessions.log_group,
      sessions.log_group_since,
      sessions.log_values,
      sessions.policy_denials_by_day,
      -- In the order of the last SELECT.
      ROW(
        sessions.device_ip, sessions.device_type, sessions.port, sessions.transport_protocol, sessions.policy_result,
        sessions.policy_denials, sessions.logged, sessions.log_group, sessions.log_values, sessions.policy_denials_by_day,
        sessions.log_group_since
      ) AS old_row,
      events.event_id,
      events.event_time,
      events.event_day,
      events.device_ip,
      events.device_type,
      events.port,
      events.transport_protocol,
      events.policy_result
    FROM sessions
    LEFT JOIN events
      ON events.account_id = sessions.account_id
      AND events.region = sessions.region
      AND events.endpoint_id = sessions.endpoint_id
      AND events.connection_id = sessions.connection_id
      AND events.event_day >= CAST(sessions.first_seen AS date) - INTERVAL '2' DAY
    WHERE events.event_id IS NOT NULL
      OR sessions.logged IS DISTINCT FROM true
      OR sessions.first_seen >= TIMESTAMP '{from_date} 00:00:00' - INTERVAL '2' DAY
  ),
  shown AS (
    -- Of each field the last value: of one moment, that of the greater event id.
    SELECT
      account_id,
      region,
      endpoint_id,
      connection_id,
      arbitrary(first_seen) AS first_seen,
      arbitrary(connection_established_time) AS established,
      arbitrary(begin_seen) AS begin_seen,
      arbitrary(old_row) AS old_row,
      arbitrary(log_group) AS old_log_group,
      arbitrary(log_group_since) AS old_log_group_since,
      coalesce(arbitrary(logged), false) OR count(event_id) > 0 AS has_event,
      map_zip_with(
        coalesce(CAST(json_parse(arbitrary(log_values)) AS map(varchar, array(varchar))), MAP(ARRAY[], ARRAY[])),
        map_filter(
          MAP(
            ARRAY['device_ip', 'device_type', 'port', 'transport_protocol', 'policy_result'],
            ARRAY[
              max(if(device_ip IS NOT NULL, ARRAY[event_time, event_id, device_ip])),
              max(if(device_type IS NOT NULL, ARRAY[event_time, event_id, device_type])),
              max(if(port IS NOT NULL, ARRAY[event_time, event_id, port])),
              max(if(transport_protocol IS NOT NULL, ARRAY[event_time, event_id, transport_protocol])),
              max(if(policy_result IS NOT NULL, ARRAY[event_time, event_id, policy_result]))
            ]
          ),
          (field, last) -> last IS NOT NULL
        ),
        (field, old_last, new_last) -> greatest(coalesce(old_last, new_last), coalesce(new_last, old_last))
      ) AS log_values,
      map_concat(
        coalesce(CAST(json_parse(arbitrary(policy_denials_by_day)) AS map(varchar, bigint)), MAP(ARRAY[], ARRAY[])),
        coalesce(
          transform_values(
            multimap_agg(CAST(event_day AS varchar), event_id) FILTER (
              WHERE policy_result = 'deny' AND event_day >= DATE '{logs_from}'
            ),
            (day, denials) -> CAST(cardinality(array_distinct(denials)) AS bigint)
          ),
          MAP(ARRAY[], ARRAY[])
        )
      ) AS policy_denials_by_day
    FROM remembered
    GROUP BY account_id, region, endpoint_id, connection_id
  ),
  configurations AS (
    -- What snapshots show at one moment: the greatest log group of the endpoint, and another one if AWS described it in two ways.
    SELECT account_id, region, endpoint_id, snapshot_date, captured_at, min(log_group) AS other_log_group, max(log_group) AS log_group
    FROM (
      SELECT
        account_id,
        region,
        endpoint_id,
        snapshot_date,
        captured_at,
        if(connection_log_enabled, coalesce(connection_log_group, ''), '') AS log_group
      FROM endpoints
      WHERE snapshot_date >= CAST(DATE '{from_date}' - INTERVAL '3' DAY AS varchar)
    ) AS described
    GROUP BY account_id, region, endpoint_id, snapshot_date, captured_at
  ),
  steps AS (
    -- Steps are the first of each day, and those that differ from the one before.
    SELECT
      *,
      row_number() OVER (PARTITION BY account_id, region, endpoint_id, snapshot_date ORDER BY captured_at) = 1
        OR other_log_group <> log_group
        OR lag(other_log_group) OVER endpoint IS DISTINCT FROM log_group
        OR lag(log_group) OVER endpoint IS DISTINCT FROM log_group AS is_step
    FROM configurations
    WINDOW endpoint AS (PARTITION BY account_id, region, endpoint_id ORDER BY captured_at, snapshot_date)
  ),
  configured AS (
    -- The configurations up to five minutes after the first sight, in the snapshots of that day and the day before, and the log group of
    -- the last of them. After an hour without a snapshot it is not known.
    SELECT
      shown.account_id,
      shown.region,
      shown.endpoint_id,
      shown.connection_id,
      max_by(steps.log_group, ROW(steps.captured_at, steps.log_group)) AS log_group,
      array_agg(
        CAST(
          ROW(steps.captured_at, steps.log_group, steps.other_log_group)
          AS ROW(captured_at timestamp(6), log_group varchar, other_log_group varchar)
        )
      ) FILTER (WHERE steps.is_step) AS steps
    FROM shown
    JOIN steps
      ON steps.account_id = shown.account_id
      AND steps.region = shown.region
      AND steps.endpoint_id = shown.endpoint_id
      AND steps.captured_at <= shown.first_seen + INTERVAL '5' MINUTE
      AND CAST(steps.snapshot_date AS date)
        BETWEEN CAST(shown.first_seen AS date) - INTERVAL '1' DAY AND CAST(shown.first_seen AS date)
    WHERE shown.first_seen >= TIMESTAMP '{from_date} 00:00:00' - INTERVAL '2' DAY
    GROUP BY shown.account_id, shown.region, shown.endpoint_id, shown.connection_id
    HAVING max(steps.captured_at) > max(shown.first_seen) - INTERVAL '60' MINUTE
  ),
  changed AS (
    SELECT
      *,
      array_max(transform(
        filter(steps, step -> step.log_group <> log_group OR step.other_log_group <> log_group), step -> step.captured_at
      )) AS last_other
    FROM configured
  ),
  settled AS (
    -- Since when no snapshot shows another log group.
    SELECT
      account_id,
      region,
      endpoint_id,
      connection_id,
      nullif(log_group, '') AS log_group,
      if(
        log_group <> '',
        array_min(transform(
          filter(steps, step -> coalesce(step.captured_at > last_other, true)), step -> step.captured_at
        ))
      ) AS log_group_since
    FROM changed
  ),
  placed AS (
    SELECT
      shown.*,
      if(
        shown.first_seen >= TIMESTAMP '{from_date} 00:00:00' - INTERVAL '2' DAY,
        settled.log_group,
        shown.old_log_group
      ) AS log_group,
      if(
        shown.first_seen >= TIMESTAMP '{from_date} 00:00:00' - INTERVAL '2' DAY,
        settled.log_group_since,
        shown.old_log_group_since
      ) AS log_group_since
    FROM shown
    LEFT JOIN settled
      ON settled.account_id = shown.account_id
      AND settled.region = shown.region
      AND settled.endpoint_id = shown.endpoint_id
      AND settled.connection_id = shown.connection_id
  ),
  judged AS (
    -- The log lacks a connection if it has no event in the windows from five minutes before its beginning to five minutes after it, and
    -- the snapshots from before its beginning to its first sight show one log group.
    SELECT
      placed.*,
      CASE
        WHEN has_event THEN true
        WHEN begin_seen
          AND log_group_since <= established
          AND first_window.window_start IS NOT NULL
          AND last_window.window_start IS NOT NULL THEN false
      END AS logged
    FROM placed
    LEFT JOIN windows AS first_window
      ON first_window.account_id = placed.account_id
      AND first_window.region = placed.region
      AND first_window.log_group = placed.log_group
      AND first_window.window_start = date_trunc('hour', placed.established - INTERVAL '5' MINUTE)
        + INTERVAL '15' MINUTE * (minute(placed.established - INTERVAL '5' MINUTE) / 15)
    LEFT JOIN windows AS last_window
      ON last_window.account_id = placed.account_id
      AND last_window.region = placed.region
      AND last_window.log_group = placed.log_group
      AND last_window.window_start = date_trunc('hour', placed.established + INTERVAL '5' MINUTE)
        + INTERVAL '15' MINUTE * (minute(placed.established + INTERVAL '5' MINUTE) / 15)
  ),
  merged AS (
    SELECT
      account_id,
      region,
      endpoint_id,
      connection_id,
      old_row,
      element_at(log_values, 'device_ip')[3] AS device_ip,
      element_at(log_values, 'device_type')[3] AS device_type,
      CAST(element_at(log_values, 'port')[3] AS bigint) AS port,
      element_at(log_values, 'transport_protocol')[3] AS transport_protocol,
      element_at(log_values, 'policy_result')[3] AS policy_result,
      if(
        logged IS NOT NULL,
        reduce(map_values(policy_denials_by_day), BIGINT '0', (sum, denials) -> sum + denials, sum -> sum)
      ) AS policy_denials,
      logged,
      log_group,
      -- As text: Athena has timed out on setting an array in MERGE.
      json_format(CAST(log_values AS json)) AS log_values,
      json_format(CAST(policy_denials_by_day AS json)) AS policy_denials_by_day,
      log_group_since
    FROM judged
  )
  SELECT *
  FROM merged
  WHERE old_row IS DISTINCT FROM ROW(
    device_ip, device_type, port, transport_protocol, policy_result,
    policy_denials, logged, log_group, log_values, policy_denials_by_day, log_group_since
  )
) AS seen
ON known.account_id = seen.account_id
  AND known.region = seen.region
  AND known.endpoint_id = seen.endpoint_id
  AND known.connection_id = seen.connection_id
WHEN MATCHED THEN UPDATE SET
  device_ip = seen.device_ip,
  device_type = seen.device_type,
  port = seen.port,
  transport_protocol = seen.transport_protocol,
  policy_result = seen.policy_result,
  policy_denials = seen.policy_denials,
  logged = seen.logged,
  log_group = seen.log_group,
  log_values = seen.log_values,
  policy_denials_by_day = seen.policy_denials_by_day,
  log_group_since = seen.log_group_since
