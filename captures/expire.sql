-- Deletes the months that are over a month before those of `sessions` expire. So each session that is left still has the captures
-- before it, and a merge computes the same of it. No column names a person. A month is a partition: Iceberg drops its files.
DELETE FROM captures
WHERE snapshot_date < DATE '{expires_before}' - INTERVAL '1' MONTH
