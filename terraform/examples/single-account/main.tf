# One account: every Client VPN endpoint of it, in one Region.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0, < 7.0"
    }
  }
}

provider "aws" {
  region = "eu-central-1"
}

data "aws_caller_identity" "current" {}

module "client_vpn_audit" {
  source = "../.."

  template_file = "${path.module}/client-vpn-audit.yaml"
  zip_file      = "${path.module}/client-vpn-audit-lambda.zip"

  targets = "arn:aws:ec2:eu-central-1:${data.aws_caller_identity.current.account_id}:client-vpn-endpoint/*"

  # The first day with a record. Athena lists fewer folders if it is not long before the first snapshot.
  first_day = "2026-11-01"

  tags = {
    Application = "client-vpn-audit"
  }
}

output "capture_function_name" {
  description = "The function to invoke for the first preflight"
  value       = module.client_vpn_audit.capture_function_name
}

output "dashboard_url" {
  description = "The dashboard"
  value       = module.client_vpn_audit.dashboard_url
}
