# The variables of the module itself. Those of the template's parameters are in parameters.tf.

variable "name" {
  description = "Name of the stack."
  type        = string
  default     = "client-vpn-audit-member"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9-]{0,127}$", var.name))
    error_message = "name must begin with a letter and have up to 128 letters, digits and hyphens."
  }
}

variable "template_file" {
  description = "Path of member-role.yaml; null for that of this repository, which is beside the folder of the modules."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of the stack and of the role."
  type        = map(string)
  default     = {}
  nullable    = false
}
