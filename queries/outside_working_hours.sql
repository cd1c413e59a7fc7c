-- Who was connected outside working hours, as they are in a given time zone?
-- Serves: NIST SP 800-53 AC-2(12), ISO/IEC 27001 A.8.16.
-- Edit: the time zone, the hours, the working days (1 is Monday), and how many days back.
WITH asked AS (
  SELECT
    'Europe/Berlin' AS time_zone,
    7 AS from_hour,
    19 AS to_hour,
    5 AS last_working_day
),
local_times AS (
  SELECT
    sessions.*,
    at_timezone(with_timezone(sessions.connection_established_time, 'UTC'), asked.time_zone) AS begins,
    at_timezone(
      with_timezone(coalesce(sessions.connection_end_time, sessions.last_seen), 'UTC'),
      asked.time_zone
    ) AS ends
  FROM sessions
  CROSS JOIN asked
  WHERE sessions.connection_established_time >= current_date - INTERVAL '30' DAY
)
SELECT
  local_times.identity,
  local_times.account_id,
  local_times.region,
  local_times.endpoint_id,
  local_times.connection_id,
  local_times.begins AS local_established_time,
  local_times.ends AS local_end_time
FROM local_times
CROSS JOIN asked
-- Within working hours is what begins and ends on one working day, between the hours.
WHERE NOT (
  CAST(local_times.begins AS date) = CAST(local_times.ends AS date)
  AND day_of_week(local_times.begins) <= asked.last_working_day
  AND hour(local_times.begins) >= asked.from_hour
  AND date_diff('second', date_trunc('day', local_times.begins), local_times.ends) <= asked.to_hour * 3600
)
ORDER BY local_times.connection_established_time, local_times.connection_id
