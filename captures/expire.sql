-- Deletes the months that are over a month before those of `sessions` expire. So each session that began since still has the captures
-- before it, and a merge computes the same of it. One that began earlier, and that AWS still lists, is no longer covered: the evidence of
-- its beginning has expired too. No column names a person. A month is a partition: Iceberg drops its files.
DELETE FROM captures
WHERE snapshot_date < DATE '{expires_before}' - INTERVAL '1' MONTH
