# Made by release/terraform_variables.py from the outputs of template.yaml. Do not edit.

output "capture_role_arn" {
  description = "Whom the roles of member-role.yaml trust"
  value       = lookup(aws_cloudformation_stack.this.outputs, "CaptureRoleArn", null)
}

output "capture_function_name" {
  description = "The function to invoke by hand"
  value       = lookup(aws_cloudformation_stack.this.outputs, "CaptureFunctionName", null)
}

output "logs_role_arn" {
  description = "Whom the roles of member-role.yaml trust besides"
  value       = lookup(aws_cloudformation_stack.this.outputs, "LogsRoleArn", null)
}

output "logs_function_name" {
  description = "The function that records connection logs"
  value       = lookup(aws_cloudformation_stack.this.outputs, "LogsFunctionName", null)
}

output "lake" {
  description = "Where the evidence lies"
  value       = lookup(aws_cloudformation_stack.this.outputs, "Lake", null)
}

output "analytics_bucket_name" {
  description = "Where captures, sessions and results lie"
  value       = lookup(aws_cloudformation_stack.this.outputs, "AnalyticsBucketName", null)
}

output "work_group_name" {
  description = "The workgroup of the saved queries"
  value       = lookup(aws_cloudformation_stack.this.outputs, "WorkGroupName", null)
}

output "database_name" {
  description = "The database of the tables"
  value       = lookup(aws_cloudformation_stack.this.outputs, "DatabaseName", null)
}

output "fleet_state_machine_arn" {
  description = "Captures account by account and Region by Region"
  value       = lookup(aws_cloudformation_stack.this.outputs, "FleetStateMachineArn", null)
}

output "sessions_role_arn" {
  description = "The role that keeps captures and sessions"
  value       = lookup(aws_cloudformation_stack.this.outputs, "SessionsRoleArn", null)
}

output "seal_role_arn" {
  description = "The only role that may sign digests"
  value       = lookup(aws_cloudformation_stack.this.outputs, "SealRoleArn", null)
}

output "sessions_state_machine_arn" {
  description = "Keeps the tables captures and sessions"
  value       = lookup(aws_cloudformation_stack.this.outputs, "SessionsStateMachineArn", null)
}

output "seal_key_arn" {
  description = "The key that digests are signed with"
  value       = lookup(aws_cloudformation_stack.this.outputs, "SealKeyArn", null)
}

output "failures_queue_url" {
  description = "What could not be delivered or failed twice"
  value       = lookup(aws_cloudformation_stack.this.outputs, "FailuresQueueUrl", null)
}

output "dashboard_url" {
  description = "The dashboard"
  value       = lookup(aws_cloudformation_stack.this.outputs, "DashboardUrl", null)
}
