variable "regions" {
  description = "Regions to record. The first is that of the stack."
  type        = list(string)
}

variable "accounts" {
  description = "Accounts to record, each by its twelve digits: those of the organisational units, the management account, and the security account if it has endpoints. An account that joins later must be added."
  type        = list(string)
}

variable "organizational_unit_ids" {
  description = "Organisational units whose accounts get the role, such as ou-abcd-12345678, or the organisation's root."
  type        = list(string)
}

variable "management_role_arn" {
  description = "Role in the management account that Terraform may assume to create a stack with a role there."
  type        = string
}

variable "external_id" {
  description = "External id that the capture sends when it assumes a role. It is not a secret."
  type        = string
  default     = "client-vpn-audit:example"
}
