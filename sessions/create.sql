-- One row for each connection, made of every snapshot that shows it.
-- In Athena and not by CloudFormation, whose updates break Iceberg tables. Partitions are months, since a statement
-- can write at most 100 of them.
CREATE TABLE IF NOT EXISTS sessions (
  account_id string COMMENT 'Account of the endpoint. Value: part of the key',
  region string COMMENT 'Region of the endpoint. Value: part of the key',
  endpoint_id string COMMENT 'The Client VPN endpoint. Value: part of the key',
  connection_id string COMMENT 'Identifies the connection. Account, Region, endpoint and this make the key of the row. Value: part of the key',
  identity string COMMENT 'Who: the user name, or the common name of the certificate where AWS sends no user name. Null: not known. Value: follows from username and common_name',
  username string COMMENT 'The user, null with certificate authentication. Value: the last known',
  common_name string COMMENT 'Common name of the client certificate, or the name of the directory user. Value: the last known',
  client_ip string COMMENT 'Address inside the VPN, not the public one. Value: the last known',
  client_ipv6_address string COMMENT 'IPv6 address inside the VPN, null where there is none. Value: the last known',
  first_seen timestamp COMMENT 'When the first page that shows it arrived, of partial snapshots too. Value: the earliest',
  last_seen timestamp COMMENT 'When the last page that shows it arrived, of partial snapshots too. Value: the latest',
  connection_established_time timestamp COMMENT 'When it began. With begin_seen false: the latest that it can have begun, which is first_seen, or its end if that is earlier. Value: the latest that AWS gave and that is not more than five minutes after first_seen',
  connection_end_time timestamp COMMENT 'When it ended, as AWS gave it, and nothing else. Of a terminated connection also the time of its record. Value: the last known that is neither before its beginning, or without one a day before first_seen, nor before last_active, or else the last known before last_active. Five minutes are left for the clocks',
  end_seen boolean COMMENT 'true: AWS gave the end. false: it ended, and AWS gave no time, see ended_after and ended_before. Null: it is active, or nothing is known since as_of. Value: the newest page decides, and after it the captures that no longer show it',
  ingress_bytes bigint COMMENT 'Bytes sent by the client, null where AWS gave no number. Value: the greatest',
  egress_bytes bigint COMMENT 'Bytes received by the client, null where AWS gave no number. Value: the greatest',
  ingress_packets bigint COMMENT 'Packets sent by the client, null where AWS gave no number. Value: the greatest',
  egress_packets bigint COMMENT 'Packets received by the client, null where AWS gave no number. Value: the greatest',
  status_code string COMMENT 'Status. Value: the last known',
  status_message string COMMENT 'What AWS said about that status, null for nothing. Value: that of the row which status_code is from',
  failed_to_terminate boolean COMMENT 'true if any snapshot shows it as failed-to-terminate. Value: true wins',
  posture_compliance_statuses string COMMENT 'Every posture status that any snapshot shows, as a sorted JSON list, null where none was ever sent. Value: all',
  snapshots bigint COMMENT 'Snapshots that show it, partial ones too. Value: the number',
  covered boolean COMMENT 'true if nothing of it can have been missed: its endpoint was watched when it began, no hole touches it up to its end, or up to last_seen while that is not known, and no later capture missed it. Value: computed again by each merge',
  identity_key string COMMENT 'identity in lower case, without a domain that ends in a backslash, to group people by. Null: not known. Value: follows from identity',
  last_active timestamp COMMENT 'When the last page that shows it without an end arrived, null if only its end was seen. Value: the latest',
  first_seen_ended timestamp COMMENT 'When the first page after last_active that shows it ended arrived. Null: none does. Value: the earliest',
  begin_seen boolean COMMENT 'true: AWS gave the beginning. false: it is not known. Value: true wins',
  began_after timestamp COMMENT 'With begin_seen false: request of the last complete capture before first_seen, which did not show it. Null: there is none, it came after the end that AWS gave, or the beginning is known. Value: the latest',
  ended_after timestamp COMMENT 'The earliest that it can have ended: the end that AWS gave, else last_active. Value: follows from the end or last_active',
  ended_before timestamp COMMENT 'The latest that it can have ended: the end that AWS gave, else first_seen_ended, else when the first later capture or listing without it was complete. Null: it is active, or not known. Value: the end, else the earliest',
  ends_at timestamp COMMENT 'The end for durations, never null: the end that AWS gave, else last_active, but not before connection_established_time. Value: follows from the end or last_active',
  duration_seconds bigint COMMENT 'From connection_established_time to ends_at: the least that it lasted. Value: follows from ends_at',
  as_of timestamp COMMENT 'The newest capture that the row rests on: the one that missed it, else the last that shows it, which is last_seen. Value: the capture that missed it, else the latest',
  complete_snapshots bigint COMMENT 'Complete snapshots that show it. Value: the number',
  snapshots_by_day string COMMENT 'For the next merge: snapshots and complete snapshots of each snapshot_date, as a JSON map. Value: days that are merged again are replaced',
  watched boolean COMMENT 'true if its endpoint was watched when it began. Value: computed again by each merge',
  begins_given string COMMENT 'For the next merge: each beginning that AWS gave, as a sorted JSON list. Value: all',
  ends_given string COMMENT 'For the next merge: each end that AWS gave, and the last page that shows it, as a JSON map. Value: all',
  gaps string COMMENT 'JSON list of the captures, by their requests, that no other followed within 60 minutes, from an hour before its beginning to its end. Value: computed again by each merge'
)
PARTITIONED BY (month(connection_established_time))
LOCATION 's3://{analytics_bucket}/sessions/'
TBLPROPERTIES ('table_type' = 'ICEBERG', 'format' = 'PARQUET', 'write_compression' = 'ZSTD')
