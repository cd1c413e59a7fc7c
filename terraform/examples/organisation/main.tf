# An organisation: the stack in the security account, the role in the accounts of organisational units by a StackSet, and in the
# management account, which StackSets omit. docs/fleet.md has what must be done once before. The security account is the delegated
# administrator of StackSets there.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0, < 7.0"
    }
  }
}

# The security account.
provider "aws" {
  region = var.regions[0]
}

provider "aws" {
  alias  = "management"
  region = var.regions[0]

  assume_role {
    role_arn = var.management_role_arn
  }
}

locals {
  regions = join(",", var.regions)
}

module "client_vpn_audit" {
  source = "../.."

  template_file = "${path.module}/client-vpn-audit.yaml"
  zip_file      = "${path.module}/client-vpn-audit-lambda.zip"

  targets          = "arn:aws:ec2:*:*:client-vpn-endpoint/*"
  accounts         = join(",", var.accounts)
  regions          = local.regions
  member_role_name = "client-vpn-audit-member"
  external_id      = var.external_id
  spread_above     = 50
}

resource "aws_cloudformation_stack_set" "member" {
  name             = "client-vpn-audit-member"
  call_as          = "DELEGATED_ADMIN"
  permission_model = "SERVICE_MANAGED"
  template_body    = file("${path.module}/../../../member-role.yaml")
  capabilities     = ["CAPABILITY_NAMED_IAM"]

  # All of them: the provider would plan to remove one that is left out, because CloudFormation answers with its default.
  parameters = {
    CaptureRoleArn         = module.client_vpn_audit.capture_role_arn
    LogsRoleArn            = ""
    ExternalId             = var.external_id
    Regions                = local.regions
    ConnectionLogGroupName = ""
    UnmaskConnectionLogs   = "false"
    RoleName               = "client-vpn-audit-member"
    RolePath               = "/"
  }

  auto_deployment {
    enabled                          = true
    retain_stacks_on_account_removal = false
  }

  lifecycle {
    # AWS chooses this role if permissions are managed by the service.
    ignore_changes = [administration_role_arn]
  }
}

resource "aws_cloudformation_stack_set_instance" "member" {
  stack_set_name = aws_cloudformation_stack_set.member.name
  call_as        = "DELEGATED_ADMIN"
  # IAM is global: one Region is enough.
  stack_set_instance_region = var.regions[0]

  deployment_targets {
    organizational_unit_ids = var.organizational_unit_ids
  }
}

module "management" {
  source = "../../member-role"

  providers = {
    aws = aws.management
  }

  capture_role_arn = module.client_vpn_audit.capture_role_arn
  external_id      = var.external_id
  regions          = local.regions
}

output "capture_function_name" {
  description = "The function to invoke for the first preflight"
  value       = module.client_vpn_audit.capture_function_name
}
