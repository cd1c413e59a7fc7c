-- From when on does a merge read snapshots, so that it misses nothing that came since the last one? Null: nothing was merged.
-- The function writes within an hour and a half of a snapshot's time: events that are older than 60 minutes are refused, and its time ends.
-- A merge that failed, or still runs, has put captures here whose rows are not in `sessions`: they are read too. Such a merge began at most
-- 55 minutes before the last one that is noted, as executions end then.
WITH
merges AS (
  SELECT max(merged_at) AS last_merge
  FROM captures
),
not_noted AS (
  SELECT min(coalesce(captures.snapshot_time, CAST(captures.snapshot_date AS timestamp(6)))) AS first_snapshot
  FROM captures
  CROSS JOIN merges
  LEFT JOIN captures AS noted
    ON noted.merged_at = captures.added_at
  WHERE captures.merged_at IS NULL
    AND noted.merged_at IS NULL
    AND (merges.last_merge IS NULL OR captures.added_at > merges.last_merge - INTERVAL '55' MINUTE)
)
SELECT
  date_format(
    -- The earlier of the two. Either may be null.
    least(
      coalesce(merges.last_merge - INTERVAL '2' HOUR, not_noted.first_snapshot),
      coalesce(not_noted.first_snapshot, merges.last_merge - INTERVAL '2' HOUR)
    ),
    '%Y-%m-%d %H:%i:%s'
  ) AS from_time
FROM merges
CROSS JOIN not_noted
