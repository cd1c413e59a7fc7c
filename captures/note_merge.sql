-- Notes in `captures` that it and `sessions` are merged, as of {merged_at}: what was there by then was read. Nothing is noted if one of
-- the two failed, since the questions would take connections that were not merged for connections that were not there. The next merge
-- reads what the failed one added to `captures`, however old it is.
-- Noting it again changes nothing.
MERGE INTO captures AS known
USING (
  SELECT CAST(from_iso8601_timestamp('{merged_at}') AT TIME ZONE 'UTC' AS timestamp(6)) AS merged_at
) AS seen
ON known.kind = 'merge'
  AND known.merged_at = seen.merged_at
  -- Only the month that has this day is read.
  AND known.snapshot_date = CAST(substr('{merged_at}', 1, 10) AS date)
WHEN NOT MATCHED THEN INSERT (record_key, entry, snapshot_date, kind, merged_at)
VALUES (CAST(seen.merged_at AS varchar), 0, CAST(seen.merged_at AS date), 'merge', seen.merged_at)
