-- Deletes the sessions that began and were last seen before a month of which some day is still kept for RetentionDays. What was seen
-- since stays with all that is known of it, however long ago it began: AWS may still list it.
DELETE FROM sessions
WHERE connection_established_time < TIMESTAMP '{expires_before} 00:00:00'
  AND last_seen < TIMESTAMP '{expires_before} 00:00:00'
