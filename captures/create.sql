-- One row for each target and attempt, one for each listing of an account and Region, one for each object of its configuration, one for
-- each window of connection logs that was read, and one for each merge.
-- In Athena and not by CloudFormation, whose updates break Iceberg tables. Partitions are months, since a statement can write at
-- most 100 of them: with the account as a partition too, more than 100 accounts could not be merged.
CREATE TABLE IF NOT EXISTS captures (
  record_key string COMMENT 'Key of the run record in the lake. With entry, it is the key of the row. Of a merge: its time. Null: never',
  entry bigint COMMENT 'Position in the run record: first its targets, then its place, then its windows, then its configuration. Null: never',
  snapshot_date date COMMENT 'Day of the snapshot in UTC, as in the key of the run record. Of a merge: its day. Null: never',
  kind string COMMENT 'target, listing, window, endpoints, authorization_rules or routes (an object of that table), log_group (why a log group was not read), merge, or unreadable: a run record that cannot be read, or an entry with a time that cannot be. Null: never',
  account_id string COMMENT 'Account of the endpoint, the listing, the configuration or the log group. Null: a merge',
  region string COMMENT 'Region of the endpoint, the listing, the configuration or the log group. Null: a merge',
  endpoint_id string COMMENT 'The Client VPN endpoint, or * of a listing and of configuration. Null: a merge, or of a log group',
  snapshot_time timestamp COMMENT 'The time that the snapshot bears: the schedule gives it. Null: a merge, or unreadable',
  scheduled boolean COMMENT 'false if the run was started by hand. true also if the record is older than this field. Null: a merge',
  outcome string COMMENT 'complete, already_captured, partial or failed, of a listing complete or failed, of a window any but partial, of endpoints too. Null: a merge',
  error_code string COMMENT 'Code of the error. Null: there was none',
  attempted_at timestamp COMMENT 'When the first page was requested, or without a page when the run began. Null: a merge, or unreadable',
  first_page_at timestamp COMMENT 'When the first page arrived. Null: no page did',
  last_page_at timestamp COMMENT 'When the last page arrived. Null: no page did',
  object_key string COMMENT 'Key of the object that was written or found. Null: there is none',
  active_connections bigint COMMENT 'Connections with the status active. Null: not of a target',
  endpoint_ids string COMMENT 'JSON list of the endpoints that a complete listing has, or that logged to the log group of a window when it was read. Empty of an object of endpoints without rows. Null: of anything else',
  merged_at timestamp COMMENT 'When the merge of captures and sessions began. What was there by then is in both. Null: no merge',
  log_group string COMMENT 'ARN of the log group. Null: not of a log group, or it is not known which log groups there are to read',
  window_start timestamp COMMENT 'First moment of the window. Null: no window',
  window_end timestamp COMMENT 'First moment after the window. Null: no window',
  late boolean COMMENT 'true of the second reading of an hour, for events that came late. Null: no window',
  added_at timestamp COMMENT 'When the merge began that added the row. Null: a merge, or a row of an older version'
)
PARTITIONED BY (month(snapshot_date))
LOCATION 's3://{analytics_bucket}/captures/'
TBLPROPERTIES ('table_type' = 'ICEBERG', 'format' = 'PARQUET', 'write_compression' = 'ZSTD')
