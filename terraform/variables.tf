# The variables of the module itself. Those of the template's parameters are in parameters.tf.

variable "name" {
  description = "Name of the stack. The database, the workgroup, the dashboard and the metrics have it too."
  type        = string
  default     = "client-vpn-audit"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9-]{0,127}$", var.name))
    error_message = "name must begin with a letter and have up to 128 letters, digits and hyphens."
  }
}

variable "template_file" {
  description = "Path of the packaged template, as release/package_template.py writes it."
  type        = string
  nullable    = false

  validation {
    condition     = strcontains(file(var.template_file), "!Ref CodeBucket")
    error_message = "template_file must be the packaged template. release/package_template.py makes it from template.yaml."
  }
}

variable "zip_file" {
  description = "Path of the ZIP file with the code of the functions, built for the processor in architecture."
  type        = string
  nullable    = false

  validation {
    condition     = endswith(var.zip_file, ".zip")
    error_message = "zip_file must be the path of a ZIP file, which ends in .zip."
  }
}

variable "artifact_bucket" {
  description = "Name of an existing bucket of the stack's Region for the template and the code; null for a bucket that this module creates. The name must be known when Terraform plans."
  type        = string
  default     = null

  validation {
    condition     = var.artifact_bucket == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.artifact_bucket))
    error_message = "artifact_bucket must be the name of a bucket, or null."
  }
}

variable "tags" {
  description = "Tags of the stack, which CloudFormation gives to the resources in it, and of the bucket that this module creates."
  type        = map(string)
  default     = {}
  nullable    = false
}
