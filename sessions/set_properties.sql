-- Sets how VACUUM treats old versions of the table. It keeps them for five days by default, and with them what was deleted.
-- After half a day, the VACUUM of the next day removes all that one day deleted. No statement runs that long.
-- By default OPTIMIZE may leave a row that was deleted in its file until a second statement deletes from that file. It must not.
ALTER TABLE sessions SET TBLPROPERTIES (
  'vacuum_max_snapshot_age_seconds' = '43200',
  'vacuum_min_snapshots_to_keep' = '1',
  'optimize_rewrite_delete_file_threshold' = '1'
)
