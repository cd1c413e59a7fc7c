-- Do the two records agree: which sessions have no event in the connection logs, which logged connections no session, and what differs?
-- Bears on: NIST SP 800-53 AU-6(3) and AU-12, PCI DSS 10.3.4, ISO/IEC 27001 A.8.15: each record checks the other.
-- Edit: how many days back, and the seconds by which times may differ: both records give whole seconds, and a client connects again
-- within 2 to 3 seconds, so 60 is neither a rounding nor a reconnect. kind is `no log event` (those that wait for a SAML assertion, and failed ones, do not count), `no session`, `beginning differs`,
-- `end differs`, or `username` or `common name` with `differs` or `masked`. Names that differ only in case or in the domain are the
-- same. A time or a name that only one record has is not compared. reason is the likely one:
-- `coverage hole`: no complete capture can have shown the connection, see coverage_holes.
-- `logging off`: the endpoint's logging was off, or had no log group, in the snapshot before its beginning or in that after.
-- `window not read`: that of its beginning or one beside it, or not a second time although that is due.
-- `late event may come`: the second reading, a day later, is not due yet. `assertion waiting`: the log has only events of a SAML sign-in.
-- `masked`: a data protection policy hides the name. `not known`: none of these, or the log group at its beginning is not known.
-- Connections that began later than compared_until, an hour before the last merge, are not compared. sessions_compared is how many
-- sessions have events, sessions_without_event how many have none. If the records agree, one row has these columns.
WITH asked AS (
  SELECT CAST(current_date - INTERVAL '30' DAY AS timestamp(6)) AS from_time, 60 AS seconds
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
time_compared AS (
  SELECT
    from_time,
    seconds AS most_seconds,
    CAST(as_of AS timestamp(6)) AS as_of,
    CAST(as_of AS timestamp(6)) - INTERVAL '1' HOUR AS until_time
  FROM asked
  CROSS JOIN last_merge
),
events AS (
  SELECT
    *,
    coalesce(username, common_name) AS identity,
    connection_attempt_status IS NOT DISTINCT FROM 'waiting-for-assertion'
      OR connection_reset_status IS NOT DISTINCT FROM 'assertion-received' AS is_sign_in
  FROM connection_logs
  CROSS JOIN asked
  -- The partition of an event is the day on which its window was due, up to two days later. A day earlier: for events at midnight.
  WHERE snapshot_date >= CAST(CAST(asked.from_time - INTERVAL '1' DAY AS date) AS varchar)
    -- Not of an application that shares the log group.
    AND connection_log_type IS NOT NULL
),
logged AS (
  -- Events without a connection id are each one of their own.
  SELECT
    account_id,
    region,
    endpoint_id,
    connection_id,
    bool_or(NOT is_sign_in AND connection_attempt_status IS DISTINCT FROM 'failed') AS is_logged,
    bool_or(is_sign_in) AS has_sign_in,
    -- The attempt itself may not have been read: then as the other events of the connection say.
    coalesce(
      min(if(connection_attempt_status = 'successful', event_time)),
      min(coalesce(connection_start_time, event_time))
        FILTER (WHERE NOT is_sign_in AND connection_attempt_status IS DISTINCT FROM 'failed')
    ) AS connected_at,
    max_by(identity, ROW(coalesce(event_time, TIMESTAMP '0001-01-01 00:00:00'), event_id)) FILTER (WHERE NOT is_sign_in) AS identity,
    array_agg(DISTINCT CAST(connection_start_time AS timestamp(6))) FILTER (WHERE connection_start_time IS NOT NULL) AS begins,
    array_agg(DISTINCT CAST(connection_end_time AS timestamp(6))) FILTER (WHERE connection_end_time IS NOT NULL) AS ends,
    -- In the log, NA is a name or stands for none: it is not compared.
    array_agg(DISTINCT username) FILTER (WHERE username <> 'NA' AND NOT is_sign_in) AS usernames,
    array_agg(DISTINCT common_name) FILTER (WHERE common_name <> 'NA' AND NOT is_sign_in) AS common_names
  FROM events
  GROUP BY account_id, region, endpoint_id, connection_id, if(connection_id IS NULL, event_id)
),
recent AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    connection_id,
    identity,
    username,
    common_name,
    connection_established_time AS began,
    if(begin_seen, connection_established_time) AS began_at,
    if(end_seen, connection_end_time) AS ended_at,
    if(log_group_since <= connection_established_time, log_group) AS log_group,
    logged
  FROM sessions
  CROSS JOIN asked
  WHERE ended_before >= asked.from_time - INTERVAL '1' DAY OR ended_before IS NULL
),
matched AS (
  SELECT
    recent.*,
    logged.begins,
    logged.ends,
    logged.usernames,
    logged.common_names,
    coalesce(logged.is_logged, false) AS is_logged,
    coalesce(logged.has_sign_in, false) AS has_sign_in
  FROM recent
  LEFT JOIN logged
    ON logged.account_id = recent.account_id
    AND logged.region = recent.region
    AND logged.endpoint_id = recent.endpoint_id
    AND logged.connection_id = recent.connection_id
),
missing AS (
  SELECT *
  FROM matched
  CROSS JOIN time_compared
  WHERE NOT is_logged
    AND began BETWEEN from_time AND until_time
),
configurations AS (
  SELECT
    account_id,
    region,
    endpoint_id,
    snapshot_time,
    CAST(min(captured_at) AS timestamp(6)) AS seen_at,
    bool_or(NOT connection_log_enabled OR coalesce(connection_log_group, '') = '') AS is_off
  FROM endpoints
  CROSS JOIN asked
  -- A day earlier: for the configuration in force at the beginning.
  WHERE snapshot_date >= CAST(CAST(asked.from_time - INTERVAL '1' DAY AS date) AS varchar)
  GROUP BY account_id, region, endpoint_id, snapshot_time
),
followed AS (
  SELECT
    *,
    coalesce(lag(seen_at) OVER endpoint, seen_at) AS seen_before,
    coalesce(lead(seen_at) OVER endpoint, TIMESTAMP '9999-12-31 00:00:00') AS seen_after
  FROM configurations
  WINDOW endpoint AS (PARTITION BY account_id, region, endpoint_id ORDER BY seen_at, snapshot_time)
),
unlogged AS (
  -- Logging was off in the snapshot before its beginning or in that after.
  SELECT DISTINCT missing.account_id, missing.region, missing.endpoint_id, missing.connection_id, true AS is_off
  FROM missing
  JOIN followed
    ON followed.account_id = missing.account_id
    AND followed.region = missing.region
    AND followed.endpoint_id = missing.endpoint_id
    AND followed.seen_before <= missing.began
    AND followed.seen_after > missing.began
  WHERE followed.is_off
),
read_twice AS (
  SELECT DISTINCT missing.account_id, missing.region, missing.endpoint_id, missing.connection_id, true AS is_read_twice
  FROM missing
  JOIN captures
    ON captures.account_id = missing.account_id
    AND captures.region = missing.region
    AND split_part(captures.log_group, ':', 7) = missing.log_group
    AND captures.window_start <= missing.began
    AND captures.window_end > missing.began
  WHERE captures.kind = 'window'
    AND captures.outcome IN ('complete', 'already_captured')
    AND captures.late
),
without_session AS (
  SELECT
    logged.account_id,
    logged.region,
    logged.endpoint_id,
    logged.connection_id,
    logged.identity,
    logged.connected_at,
    -- In a hole, or beside every capture.
    if(
      logged.connection_id IS NOT NULL AND logged.endpoint_id IS NOT NULL AND coalesce(bool_or(gaps.is_hole), true),
      'coverage hole',
      'not known'
    ) AS reason
  FROM logged
  CROSS JOIN time_compared
  LEFT JOIN recent
    ON recent.account_id = logged.account_id
    AND recent.region = logged.region
    AND recent.endpoint_id = logged.endpoint_id
    AND recent.connection_id = logged.connection_id
  LEFT JOIN gaps
    ON gaps.account_id = logged.account_id
    AND gaps.region = logged.region
    AND gaps.endpoint_id = logged.endpoint_id
    AND CAST(gaps.gap_begins AS timestamp(6)) <= logged.connected_at
    AND CAST(gaps.gap_ends AS timestamp(6)) > logged.connected_at
  WHERE recent.connection_id IS NULL
    AND logged.connected_at BETWEEN from_time AND until_time
  GROUP BY 1, 2, 3, 4, 5, 6
),
times AS (
  -- The time of the log that is nearest.
  SELECT
    matched.*,
    pair.name,
    CAST(pair.of_session AS varchar) AS in_sessions,
    array_join(transform(array_sort(pair.of_log), time -> CAST(time AS varchar)), ', ') AS in_log,
    array_min(transform(pair.of_log, time -> abs(date_diff('second', time, pair.of_session)))) AS seconds
  FROM matched
  CROSS JOIN UNNEST(ARRAY['beginning', 'end'], ARRAY[began_at, ended_at], ARRAY[begins, ends]) AS pair (name, of_session, of_log)
  WHERE is_logged
),
names AS (
  SELECT
    matched.*,
    pair.name,
    pair.of_session AS in_sessions,
    array_join(array_sort(pair.of_log), ', ') AS in_log,
    all_match(pair.of_log, text -> regexp_like(text, '^[*]+$')) AS is_masked,
    any_match(
      pair.of_log,
      text -> NOT regexp_like(text, '^[*]+$')
        AND lower(coalesce(nullif(regexp_replace(text, '^[^\\]*\\', ''), ''), text))
          <> lower(coalesce(nullif(regexp_replace(pair.of_session, '^[^\\]*\\', ''), ''), pair.of_session))
    ) AS differs
  FROM matched
  CROSS JOIN UNNEST(
    ARRAY['username', 'common name'], ARRAY[username, common_name], ARRAY[usernames, common_names]
  ) AS pair (name, of_session, of_log)
  WHERE is_logged
    AND pair.of_session IS NOT NULL
),
found AS (
  SELECT
    'no log event' AS kind,
    CASE
      WHEN has_sign_in THEN 'assertion waiting'
      WHEN is_off THEN 'logging off'
      WHEN began_at IS NULL OR log_group IS NULL THEN 'not known'
      WHEN logged IS NULL THEN 'window not read'
      WHEN is_read_twice THEN 'not known'
      -- An hour is read again 24.5 hours after its end, and an hour later that reading is merged.
      WHEN date_trunc('hour', began) + INTERVAL '1590' MINUTE > as_of THEN 'late event may come'
      ELSE 'window not read'
    END AS reason,
    account_id,
    region,
    endpoint_id,
    connection_id,
    identity,
    began AS at,
    CAST(NULL AS varchar) AS in_sessions,
    CAST(NULL AS varchar) AS in_log,
    CAST(NULL AS bigint) AS seconds
  FROM missing
  LEFT JOIN unlogged USING (account_id, region, endpoint_id, connection_id)
  LEFT JOIN read_twice USING (account_id, region, endpoint_id, connection_id)
  UNION ALL
  SELECT 'no session', reason, account_id, region, endpoint_id, connection_id, identity, connected_at, NULL, NULL, NULL
  FROM without_session
  UNION ALL
  SELECT
    name || ' differs', 'not known', account_id, region, endpoint_id, connection_id, identity, began, in_sessions, in_log, seconds
  FROM times
  CROSS JOIN time_compared
  WHERE seconds > most_seconds
  UNION ALL
  SELECT
    name || if(differs, ' differs', ' masked'), if(differs, 'not known', 'masked'),
    account_id, region, endpoint_id, connection_id, identity, began, in_sessions, in_log, NULL
  FROM names
  WHERE differs OR is_masked
),
counted AS (
  SELECT count_if(is_logged) AS sessions_compared, (SELECT count(*) FROM missing) AS sessions_without_event
  FROM matched
)
SELECT
  found.*,
  counted.sessions_compared,
  counted.sessions_without_event,
  with_timezone(time_compared.until_time, 'UTC') AS compared_until,
  with_timezone(time_compared.as_of, 'UTC') AS as_of
FROM time_compared
CROSS JOIN counted
LEFT JOIN found ON true
ORDER BY
  found.at, found.kind, found.connection_id, found.account_id, found.region, found.endpoint_id, found.reason, found.identity
