-- Who was connected outside working hours, as they are in a given time zone?
-- Bears on: NIST SP 800-53 AC-2(12), ISO/IEC 27001 A.8.16.
-- Edit: the list of working hours, the time zone, and how many days back.
-- Working hours are local times, as a clock on the wall shows them. If to_time is not after from_time, they end on the
-- next day: (5, '22:00', '06:00') is the night from Friday to Saturday, and (7, '00:00', '00:00') all of Sunday. A weekday
-- may have several lines or none. Sunday to Thursday are 7, 1, 2, 3 and 4. Lines that touch each other are one stretch.
-- A session is shown if it may have lasted into these days and any moment of it was outside. If end_seen is not true, local_end_time is
-- the last time that it was seen active, and it had ended by local_end_at_latest, which is now if no end is known. If begin_seen is
-- false, it began after local_begin_at_earliest, which is null if no earlier capture is known. proven is false if only a moment of which
-- it is not known that it lasted then may have been outside. A session within a hole is in no record: see coverage_holes.
WITH working_hours (weekday, from_time, to_time) AS (
  VALUES
    -- 1 is Monday, and 7 is Sunday.
    (1, '08:00', '18:00'),
    (2, '08:00', '18:00'),
    (3, '08:00', '18:00'),
    (4, '08:00', '18:00'),
    (5, '08:00', '18:00')
),
asked AS (
  SELECT 'Europe/Berlin' AS time_zone
),
minutes AS (
  SELECT
    weekday,
    CAST(split_part(from_time, ':', 1) AS integer) * 60 + CAST(split_part(from_time, ':', 2) AS integer) AS from_minute,
    CAST(split_part(to_time, ':', 1) AS integer) * 60 + CAST(split_part(to_time, ':', 2) AS integer) AS to_minute
  FROM working_hours
),
shifts AS (
  -- The working hours of each day, as a clock on the wall shows them.
  SELECT
    date_add('minute', minutes.from_minute, CAST(day AS timestamp(6))) AS begins,
    date_add(
      'minute',
      minutes.to_minute + if(minutes.to_minute > minutes.from_minute, 0, 24 * 60),
      CAST(day AS timestamp(6))
    ) AS ends
  FROM UNNEST(sequence(current_date - INTERVAL '500' DAY, current_date + INTERVAL '7' DAY)) AS calendar (day)
  JOIN minutes ON minutes.weekday = day_of_week(day)
),
begun AS (
  SELECT
    *,
    max(ends) OVER (ORDER BY begins, ends ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS earlier_until
  FROM shifts
),
numbered AS (
  SELECT *, count_if(earlier_until IS NULL OR begins > earlier_until) OVER (ORDER BY begins, ends) AS stretch
  FROM begun
),
stretches AS (
  SELECT min(begins) AS begins, max(ends) AS ends
  FROM numbered
  GROUP BY stretch
),
recent AS (
  SELECT
    sessions.*,
    asked.time_zone,
    if(sessions.begin_seen, sessions.connection_established_time, sessions.began_after) AS begins_at_earliest,
    CASE
      WHEN sessions.end_seen THEN sessions.ends_at
      ELSE greatest(sessions.ends_at, coalesce(sessions.ended_before, CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp(6))))
    END AS ends_at_latest
  FROM sessions
  CROSS JOIN asked
  WHERE sessions.ended_before >= current_date - INTERVAL '30' DAY
    OR sessions.ended_before IS NULL
),
halves AS (
  -- The time that is proven, and the times before and after it in which it may have lasted too.
  SELECT recent.*, half.is_proven, greatest(half.from_time, current_date - INTERVAL '499' DAY) AS from_time, half.to_time
  FROM recent
  CROSS JOIN UNNEST(
    ARRAY[
      ROW(ended_after IS NOT NULL, connection_established_time, ends_at),
      ROW(false, ends_at, ends_at_latest),
      ROW(
        false,
        if(begin_seen, connection_established_time, coalesce(began_after, TIMESTAMP '2018-12-01 00:00:00')),
        connection_established_time
      )
    ]
  ) AS half (is_proven, from_time, to_time)
  WHERE (half.is_proven OR half.to_time > half.from_time)
    AND half.to_time >= current_date - INTERVAL '499' DAY
),
clocks AS (
  -- Seconds by which the clock on the wall is ahead of UTC.
  SELECT
    *,
    date_diff('second', from_time, CAST(at_timezone(with_timezone(from_time, 'UTC'), time_zone) AS timestamp(6))) AS first_offset,
    date_diff('second', to_time, CAST(at_timezone(with_timezone(to_time, 'UTC'), time_zone) AS timestamp(6))) AS last_offset
  FROM halves
),
changes AS (
  -- The first quarter of an hour after a change of the clock. Clocks change at such moments. They are counted from the full hour
  -- before the session on.
  SELECT
    clocks.*,
    if(
      first_offset <> last_offset,
      element_at(
        filter(
          transform(
            sequence(0, CAST(least(date_diff('minute', from_time, to_time) / 15 + 5, 9000) AS integer)),
            quarter -> date_add('minute', 15 * quarter, date_trunc('hour', from_time))
          ),
          moment -> moment > from_time AND moment <= to_time
            AND date_diff('second', moment, CAST(at_timezone(with_timezone(moment, 'UTC'), time_zone) AS timestamp(6)))
              = last_offset
        ),
        1
      )
    ) AS changed_at
  FROM clocks
),
parts AS (
  -- In each part the clock on the wall runs without a jump.
  SELECT
    changes.account_id,
    changes.region,
    changes.endpoint_id,
    changes.connection_id,
    changes.is_proven,
    date_add('second', part.ahead, part.from_time) AS local_from,
    date_add('second', part.ahead, part.to_time) AS local_to
  FROM changes
  CROSS JOIN UNNEST(
    if(
      changed_at IS NULL,
      ARRAY[ROW(first_offset, from_time, to_time)],
      ARRAY[ROW(first_offset, from_time, changed_at), ROW(last_offset, changed_at, to_time)]
    )
  ) AS part (ahead, from_time, to_time)
),
outside AS (
  SELECT
    parts.account_id,
    parts.region,
    parts.endpoint_id,
    parts.connection_id,
    bool_or(parts.is_proven) AS proven
  FROM parts
  LEFT JOIN stretches
    ON stretches.begins <= parts.local_from
    AND stretches.ends >= parts.local_to
  WHERE stretches.begins IS NULL
  GROUP BY parts.account_id, parts.region, parts.endpoint_id, parts.connection_id
)
SELECT
  recent.identity,
  account_id,
  region,
  endpoint_id,
  connection_id,
  at_timezone(with_timezone(recent.connection_established_time, 'UTC'), recent.time_zone) AS local_established_time,
  at_timezone(with_timezone(recent.ends_at, 'UTC'), recent.time_zone) AS local_end_time,
  recent.identity_key,
  recent.end_seen,
  at_timezone(with_timezone(recent.ends_at_latest, 'UTC'), recent.time_zone) AS local_end_at_latest,
  outside.proven,
  recent.begin_seen,
  recent.covered,
  at_timezone(with_timezone(recent.begins_at_earliest, 'UTC'), recent.time_zone) AS local_begin_at_earliest
FROM recent
JOIN outside USING (account_id, region, endpoint_id, connection_id)
ORDER BY recent.connection_established_time, connection_id, account_id, region, endpoint_id
