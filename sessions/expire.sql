-- Deletes the months of which every day is older than RetentionDays. A month is a partition: Iceberg drops its files. Of a part of a
-- month it only notes which rows are deleted, and the rows stay in their files until OPTIMIZE. That happens to a month that has a
-- connection which AWS listed later: its evidence is still there, and so is its row.
DELETE FROM sessions
WHERE connection_established_time < TIMESTAMP '{expires_before} 00:00:00'
  AND last_seen < TIMESTAMP '{expires_before} 00:00:00'
