-- Deletes the months of which every day is older than RetentionDays. A month is a partition: Iceberg drops its files. Of a part of a
-- month it would only note which rows are deleted, and the rows would stay in their files.
DELETE FROM sessions
WHERE connection_established_time < TIMESTAMP '{expires_before} 00:00:00'
