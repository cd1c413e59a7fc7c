# Made by release/terraform_variables.py from the parameters of template.yaml. Do not edit.

variable "targets" {
  description = "Endpoints to record, as ARNs separated by commas: arn:aws:ec2:REGION:ACCOUNT:client-vpn-endpoint/ID; with * as ID all endpoints there, then with * as REGION or ACCOUNT all of Regions or Accounts too"
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:ec2:([a-z0-9-]+:[0-9]{12}:client-vpn-endpoint/cvpn-endpoint-([0-9a-f]{8}|[0-9a-f]{17})|([a-z0-9-]+|\\*):([0-9]{12}|\\*):client-vpn-endpoint/\\*)(,arn:aws[a-z-]*:ec2:([a-z0-9-]+:[0-9]{12}:client-vpn-endpoint/cvpn-endpoint-([0-9a-f]{8}|[0-9a-f]{17})|([a-z0-9-]+|\\*):([0-9]{12}|\\*):client-vpn-endpoint/\\*))*$", var.targets))
    error_message = "targets must be ARNs of Client VPN endpoints, separated by commas, without blanks; * may stand for an ID, and where it does for its Region and account too."
  }
}

variable "schedule_minutes" {
  description = "A snapshot at every so many minutes of the hour. AWS forgets a connection 60 minutes after its end: up to 20, one snapshot that fails makes no hole; at 30 it does."
  type        = number
  default     = 15
  nullable    = false

  validation {
    condition     = contains([5, 10, 15, 20, 30], var.schedule_minutes)
    error_message = "schedule_minutes must be one of 5, 10, 15, 20, 30."
  }
}

variable "accounts" {
  description = "Accounts that the tables in Athena know, separated by commas; empty for this one. Snapshots of another are refused."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([0-9]{12}(,[0-9]{12})*)?$", var.accounts))
    error_message = "accounts must be accounts of twelve digits, separated by commas, or empty."
  }
}

variable "regions" {
  description = "Regions that the tables in Athena know, separated by commas; empty for this one. Snapshots of another are refused."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([a-z]{2,4}(-[a-z]+){1,2}-[0-9]{1,2}(,[a-z]{2,4}(-[a-z]+){1,2}-[0-9]{1,2})*)?$", var.regions))
    error_message = "regions must be Regions such as eu-central-1, separated by commas, or empty."
  }
}

variable "member_role_name" {
  description = "Role that the capture assumes in the other accounts of Accounts, as member-role.yaml makes it; empty for this account only."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(([A-Za-z0-9_+=,.@-]{1,64}/){0,8}[A-Za-z0-9_+=,.@-]{1,64})?$", var.member_role_name))
    error_message = "member_role_name must be the name of a role, with its path before it if it has one, such as audit/client-vpn-audit-member; or empty."
  }
}

variable "external_id" {
  description = "External id that the capture sends when it assumes a role in another account; empty for none."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([A-Za-z0-9_+=,.@:/-]{2,1000}[A-Za-z0-9_+=,.@:/-]{0,224})?$", var.external_id))
    error_message = "external_id must be 2 to 1224 letters, digits and characters of _+=,.@:/-, or empty."
  }
}

variable "connection_log_groups" {
  description = "Log groups of AWS's own connection logs to record, as ARNs separated by commas: arn:aws:logs:REGION:ACCOUNT:log-group:NAME. REGION and ACCOUNT may be *, NAME may end in *, and a trailing :* is ignored. Empty to record none."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(arn:aws[a-z-]*:logs:([a-z]{2,4}(-[a-z]+){1,2}-[0-9]{1,2}|\\*):([0-9]{12}|\\*):log-group:([A-Za-z0-9_/.#-]{1,512}\\*?|\\*)(:\\*)?(,arn:aws[a-z-]*:logs:([a-z]{2,4}(-[a-z]+){1,2}-[0-9]{1,2}|\\*):([0-9]{12}|\\*):log-group:([A-Za-z0-9_/.#-]{1,512}\\*?|\\*)(:\\*)?)*)?$", var.connection_log_groups))
    error_message = "connection_log_groups must be ARNs of log groups, separated by commas, without blanks; * may stand for a Region or an account, or at the end of a name; or be empty."
  }
}

variable "connection_log_days" {
  description = "Days that the first reading of a log group covers, if the group keeps its events for as long."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.connection_log_days >= 1
    error_message = "connection_log_days must be 1 or more."
  }

  validation {
    condition     = var.connection_log_days <= 365
    error_message = "connection_log_days must be 365 or less."
  }
}

variable "unmask_connection_logs" {
  description = "If true, fields that a data protection policy masks are recorded as they were logged. This grants logs:Unmask."
  type        = string
  default     = "false"
  nullable    = false

  validation {
    condition     = contains(["false", "true"], var.unmask_connection_logs)
    error_message = "unmask_connection_logs must be one of false, true."
  }
}

variable "connection_log_key_arn" {
  description = "KMS key that the log groups are encrypted with, to be used through CloudWatch Logs only; empty for none."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+)?$", var.connection_log_key_arn))
    error_message = "connection_log_key_arn must be the ARN of a KMS key, or empty."
  }
}

variable "existing_bucket" {
  description = "A bucket of this Region to write evidence to; empty for a new one. Its policy and settings stay yours: docs/bucket.md has what to add."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?$", var.existing_bucket))
    error_message = "existing_bucket must be the name of a bucket, or empty."
  }
}

variable "existing_bucket_account" {
  description = "Account that owns ExistingBucket; empty for this one. Nothing is written to or read from a bucket of another account."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([0-9]{12})?$", var.existing_bucket_account))
    error_message = "existing_bucket_account must be an account of twelve digits, or empty."
  }
}

variable "prefix" {
  description = "What the keys of all objects begin with, without a slash at its end. Never change it on a stack that has recorded: policy, expiry and tables would leave what lies there behind."
  type        = string
  default     = "client-vpn-audit"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}(/[A-Za-z0-9_-][A-Za-z0-9._-]{0,63})*$", var.prefix))
    error_message = "prefix must be letters, digits, dots, hyphens and underscores, in parts separated by slashes that do not begin with a dot."
  }
}

variable "retention_days" {
  description = "Days after which evidence expires in a new bucket, and sessions by months in any case. PCI DSS 10.5.1 asks for twelve months."
  type        = number
  default     = 400
  nullable    = false

  validation {
    condition     = var.retention_days >= 90
    error_message = "retention_days must be 90 or more."
  }

  validation {
    condition     = var.retention_days <= 36500
    error_message = "retention_days must be 36500 or less."
  }
}

variable "object_lock_mode" {
  description = "Object Lock of a new bucket. COMPLIANCE cannot be shortened by anybody; only closing the AWS account removes objects earlier."
  type        = string
  default     = "OFF"
  nullable    = false

  validation {
    condition     = contains(["OFF", "GOVERNANCE", "COMPLIANCE"], var.object_lock_mode)
    error_message = "object_lock_mode must be one of OFF, GOVERNANCE, COMPLIANCE."
  }
}

variable "object_lock_days" {
  description = "Days that Object Lock keeps each object; counts only when the mode is not OFF. RetentionDays must not be less: an expiry hides a locked object from Athena too. With more than 90, RetentionDays must be one of these values as well."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains([1, 7, 30, 90, 180, 365, 400, 730, 1095, 1461, 1826, 2192, 2557, 3653], var.object_lock_days)
    error_message = "object_lock_days must be one of 1, 7, 30, 90, 180, 365, 400, 730, 1095, 1461, 1826, 2192, 2557, 3653."
  }

  validation {
    condition     = !(!(var.object_lock_mode == "OFF")) || (!(tostring(var.object_lock_days) == "180") || contains(["180", "365", "400", "730", "1095", "1461", "1826", "2192", "2557", "3653"], tostring(var.retention_days)))
    error_message = "With ObjectLockDays of 180, RetentionDays must be one of 180, 365, 400, 730, 1095, 1461, 1826, 2192, 2557, 3653."
  }

  validation {
    condition     = !(!(var.object_lock_mode == "OFF")) || (!(tostring(var.object_lock_days) == "365") || contains(["365", "400", "730", "1095", "1461", "1826", "2192", "2557", "3653"], tostring(var.retention_days)))
    error_message = "With ObjectLockDays of 365, RetentionDays must be one of 365, 400, 730, 1095, 1461, 1826, 2192, 2557, 3653."
  }

  validation {
    condition     = !(!(var.object_lock_mode == "OFF")) || (!(tostring(var.object_lock_days) == "400") || contains(["400", "730", "1095", "1461", "1826", "2192", "2557", "3653"], tostring(var.retention_days)))
    error_message = "With ObjectLockDays of 400, RetentionDays must be one of 400, 730, 1095, 1461, 1826, 2192, 2557, 3653."
  }

  validation {
    condition     = !(!(var.object_lock_mode == "OFF")) || (!(tostring(var.object_lock_days) == "730") || contains(["730", "1095", "1461", "1826", "2192", "2557", "3653"], tostring(var.retention_days)))
    error_message = "With ObjectLockDays of 730, RetentionDays must be one of 730, 1095, 1461, 1826, 2192, 2557, 3653."
  }

  validation {
    condition     = !(!(var.object_lock_mode == "OFF")) || (!(tostring(var.object_lock_days) == "1095") || contains(["1095", "1461", "1826", "2192", "2557", "3653"], tostring(var.retention_days)))
    error_message = "With ObjectLockDays of 1095, RetentionDays must be one of 1095, 1461, 1826, 2192, 2557, 3653."
  }

  validation {
    condition     = !(!(var.object_lock_mode == "OFF")) || (!(tostring(var.object_lock_days) == "1461") || contains(["1461", "1826", "2192", "2557", "3653"], tostring(var.retention_days)))
    error_message = "With ObjectLockDays of 1461, RetentionDays must be one of 1461, 1826, 2192, 2557, 3653."
  }

  validation {
    condition     = !(!(var.object_lock_mode == "OFF")) || (!(tostring(var.object_lock_days) == "1826") || contains(["1826", "2192", "2557", "3653"], tostring(var.retention_days)))
    error_message = "With ObjectLockDays of 1826, RetentionDays must be one of 1826, 2192, 2557, 3653."
  }

  validation {
    condition     = !(!(var.object_lock_mode == "OFF")) || (!(tostring(var.object_lock_days) == "2192") || contains(["2192", "2557", "3653"], tostring(var.retention_days)))
    error_message = "With ObjectLockDays of 2192, RetentionDays must be one of 2192, 2557, 3653."
  }

  validation {
    condition     = !(!(var.object_lock_mode == "OFF")) || (!(tostring(var.object_lock_days) == "2557") || contains(["2557", "3653"], tostring(var.retention_days)))
    error_message = "With ObjectLockDays of 2557, RetentionDays must be one of 2557, 3653."
  }

  validation {
    condition     = !(!(var.object_lock_mode == "OFF")) || (!(tostring(var.object_lock_days) == "3653") || contains(["3653"], tostring(var.retention_days)))
    error_message = "With ObjectLockDays of 3653, RetentionDays must be 3653."
  }
}

variable "kms_key_arn" {
  description = "A symmetric KMS key to encrypt evidence, sessions and results with; empty for the encryption of S3 itself. Its policy must let the roles of this stack use it."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+)?$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key, or empty."
  }
}

variable "administrator_role_arn" {
  description = "Role that may change the protection of a new bucket outside CloudFormation, or the service role that CloudFormation deploys this stack with; empty for none."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(arn:aws[a-z-]*:iam::[0-9]{12}:role/([A-Za-z0-9_+=,.@-]{1,64}/){0,8}[A-Za-z0-9_+=,.@-]{1,64})?$", var.administrator_role_arn))
    error_message = "administrator_role_arn must be the ARN of a role, or empty."
  }
}

variable "database_name" {
  description = "Name of the Glue database, as queries write it; empty for the name of the stack with underscores for hyphens. Needed if the stack's name has capital letters."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([a-z][a-z0-9_]{0,63})?$", var.database_name))
    error_message = "database_name must begin with a letter and have small letters, digits and underscores; or be empty."
  }
}

variable "first_day" {
  description = "First day that the tables in Athena have: not later than the first snapshot, and for connection logs than ConnectionLogDays before it. Athena does not see earlier days. A question that names no day lists each folder since then."
  type        = string
  default     = "2025-01-01"
  nullable    = false

  validation {
    condition     = can(regex("^20[0-9]{2}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)$", var.first_day))
    error_message = "first_day must be a day such as 2025-01-01, and no 29 February."
  }
}

variable "query_scan_limit_bytes" {
  description = "Athena stops a query that reads more. The default is 1 TiB."
  type        = number
  default     = 1099511627776
  nullable    = false

  validation {
    condition     = var.query_scan_limit_bytes >= 10000000
    error_message = "query_scan_limit_bytes must be 10000000 or more."
  }
}

variable "architecture" {
  description = "Processor of the functions. arm64 costs less."
  type        = string
  default     = "arm64"
  nullable    = false

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be one of arm64, x86_64."
  }
}

variable "memory_size" {
  description = "Memory of the functions in MB. The processor's share grows with it."
  type        = number
  default     = 512
  nullable    = false

  validation {
    condition     = var.memory_size >= 128
    error_message = "memory_size must be 128 or more."
  }

  validation {
    condition     = var.memory_size <= 3008
    error_message = "memory_size must be 3008 or less."
  }
}

variable "reserved_concurrency" {
  description = "Reserved concurrency of the capture; empty for none, which accounts with a low quota need. Races are decided by S3 either way."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([1-9][0-9]{0,3})?$", var.reserved_concurrency))
    error_message = "reserved_concurrency must be a whole number of 1 or more, or empty."
  }
}

variable "spread_above" {
  description = "With more endpoints than this, a state machine captures them by several invocations, each for up to 16 accounts and Regions; 0 for one function that captures all."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.spread_above >= 0
    error_message = "spread_above must be 0 or more."
  }

  validation {
    condition     = var.spread_above <= 100000
    error_message = "spread_above must be 100000 or less."
  }
}

variable "alarm_topic_arn" {
  description = "SNS topic that alarms are sent to; empty for alarms that only show."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+)?$", var.alarm_topic_arn))
    error_message = "alarm_topic_arn must be the ARN of an SNS topic, or empty."
  }
}

variable "endpoint_metrics" {
  description = "If true, CloudWatch has six metrics of each endpoint, at 1.80 dollars a month for each endpoint. Alarms and dashboard need none of them."
  type        = string
  default     = "false"
  nullable    = false

  validation {
    condition     = contains(["false", "true"], var.endpoint_metrics)
    error_message = "endpoint_metrics must be one of false, true."
  }
}

# The parameters of the stack.
locals {
  parameters = {
    Targets               = var.targets
    ScheduleMinutes       = tostring(var.schedule_minutes)
    Accounts              = var.accounts
    Regions               = var.regions
    MemberRoleName        = var.member_role_name
    ExternalId            = var.external_id
    ConnectionLogGroups   = var.connection_log_groups
    ConnectionLogDays     = tostring(var.connection_log_days)
    UnmaskConnectionLogs  = var.unmask_connection_logs
    ConnectionLogKeyArn   = var.connection_log_key_arn
    ExistingBucket        = var.existing_bucket
    ExistingBucketAccount = var.existing_bucket_account
    Prefix                = var.prefix
    RetentionDays         = tostring(var.retention_days)
    ObjectLockMode        = var.object_lock_mode
    ObjectLockDays        = tostring(var.object_lock_days)
    KmsKeyArn             = var.kms_key_arn
    AdministratorRoleArn  = var.administrator_role_arn
    DatabaseName          = var.database_name
    FirstDay              = var.first_day
    QueryScanLimitBytes   = tostring(var.query_scan_limit_bytes)
    Architecture          = var.architecture
    MemorySize            = tostring(var.memory_size)
    ReservedConcurrency   = var.reserved_concurrency
    SpreadAbove           = tostring(var.spread_above)
    AlarmTopicArn         = var.alarm_topic_arn
    EndpointMetrics       = var.endpoint_metrics
  }
}
