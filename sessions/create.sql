-- One row for each connection, made of every snapshot that shows it.
-- In Athena and not by CloudFormation, whose updates break Iceberg tables. Partitions are months, since a statement
-- can write at most 100 of them.
CREATE TABLE IF NOT EXISTS sessions (
  account_id string COMMENT 'Account of the endpoint',
  region string COMMENT 'Region of the endpoint',
  endpoint_id string COMMENT 'The Client VPN endpoint',
  connection_id string COMMENT 'Identifies the connection',
  identity string COMMENT 'Who: the user name, or the common name of the certificate where AWS sends no user name',
  username string COMMENT 'The user, null with certificate authentication',
  common_name string COMMENT 'Common name of the client certificate, or the name of the directory user',
  client_ip string COMMENT 'Address inside the VPN, not the public one',
  client_ipv6_address string COMMENT 'IPv6 address inside the VPN, null where there is none',
  first_seen timestamp COMMENT 'When the first page that shows it arrived',
  last_seen timestamp COMMENT 'When the last page that shows it arrived',
  connection_established_time timestamp COMMENT 'When the client connected, first_seen where AWS told no time that could be read',
  connection_end_time timestamp COMMENT 'When it ended, see end_seen, null while it is active',
  end_seen boolean COMMENT 'true when AWS told the end, false when it was gone without one and its end is given as last_seen, the last time it was there, null while it is active',
  ingress_bytes bigint COMMENT 'Bytes sent by the client, as last told, null where AWS told no number',
  egress_bytes bigint COMMENT 'Bytes received by the client, as last told, null where AWS told no number',
  ingress_packets bigint COMMENT 'Packets sent by the client, as last told, null where AWS told no number',
  egress_packets bigint COMMENT 'Packets received by the client, as last told, null where AWS told no number',
  status_code string COMMENT 'Status as last told',
  status_message string COMMENT 'What AWS said about that status, null for nothing',
  failed_to_terminate boolean COMMENT 'Whether any snapshot shows it as failed-to-terminate',
  posture_compliance_statuses string COMMENT 'Every posture status that any snapshot shows, as a sorted JSON list, null where none was ever sent',
  snapshots bigint COMMENT 'Snapshots that show it',
  covered boolean COMMENT 'true if it began after the record of its endpoint did and no hole touches it up to its end, or up to last_seen while it is active'
)
PARTITIONED BY (month(connection_established_time))
LOCATION 's3://{analytics_bucket}/sessions/'
TBLPROPERTIES ('table_type' = 'ICEBERG', 'format' = 'PARQUET', 'write_compression' = 'ZSTD')
