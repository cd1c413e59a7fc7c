# Made by release/terraform_variables.py from the parameters of member-role.yaml. Do not edit.

variable "capture_role_arn" {
  description = "CaptureRoleArn of the outputs of the stack that captures."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/([A-Za-z0-9_+=,.@-]{1,64}/){0,8}[A-Za-z0-9_+=,.@-]{1,64}$", var.capture_role_arn))
    error_message = "capture_role_arn must be the ARN of a role."
  }
}

variable "logs_role_arn" {
  description = "LogsRoleArn of the outputs of the stack that captures; empty if it records no connection logs."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(arn:aws[a-z-]*:iam::[0-9]{12}:role/([A-Za-z0-9_+=,.@-]{1,64}/){0,8}[A-Za-z0-9_+=,.@-]{1,64})?$", var.logs_role_arn))
    error_message = "logs_role_arn must be the ARN of a role, or empty."
  }
}

variable "external_id" {
  description = "ExternalId of that stack; empty where it sends none."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([A-Za-z0-9_+=,.@:/-]{2,1000}[A-Za-z0-9_+=,.@:/-]{0,224})?$", var.external_id))
    error_message = "external_id must be 2 to 1224 letters, digits and characters of _+=,.@:/-, or empty."
  }
}

variable "regions" {
  description = "Regions whose endpoints and log groups may be listed, separated by commas: those of the stack that captures. * for all."
  type        = string
  default     = "*"
  nullable    = false

  validation {
    condition     = can(regex("^(\\*|[a-z]{2,4}(-[a-z]+){1,2}-[0-9]{1,2}(,[a-z]{2,4}(-[a-z]+){1,2}-[0-9]{1,2})*)$", var.regions))
    error_message = "regions must be Regions such as eu-central-1, separated by commas, or *."
  }
}

variable "connection_log_group_name" {
  description = "Name of the log groups of this account whose connection logs may be read, the same in every account; it may end in *. Empty for none."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([A-Za-z0-9_/.#-]{1,512}\\*?|\\*)?$", var.connection_log_group_name))
    error_message = "connection_log_group_name must be the name of a log group, which may end in *; or empty."
  }
}

variable "unmask_connection_logs" {
  description = "UnmaskConnectionLogs of the stack that captures. If true, masked fields of those log groups may be read as they were logged."
  type        = string
  default     = "false"
  nullable    = false

  validation {
    condition     = contains(["false", "true"], var.unmask_connection_logs)
    error_message = "unmask_connection_logs must be one of false, true."
  }
}

variable "role_name" {
  description = "Name of the role, the same in every account."
  type        = string
  default     = "client-vpn-audit-member"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=,.@-]{1,64}$", var.role_name))
    error_message = "role_name must be the name of a role, without its path."
  }
}

variable "role_path" {
  description = "Path of the role, the same in every account. MemberRoleName of the stack that captures is path and name, without the first slash."
  type        = string
  default     = "/"
  nullable    = false

  validation {
    condition     = can(regex("^/([A-Za-z0-9_+=,.@-]{1,64}/){0,8}$", var.role_path))
    error_message = "role_path must begin and end with a slash."
  }
}

# The parameters of the stack.
locals {
  parameters = {
    CaptureRoleArn         = var.capture_role_arn
    LogsRoleArn            = var.logs_role_arn
    ExternalId             = var.external_id
    Regions                = var.regions
    ConnectionLogGroupName = var.connection_log_group_name
    UnmaskConnectionLogs   = var.unmask_connection_logs
    RoleName               = var.role_name
    RolePath               = var.role_path
  }
}
