# Made by release/terraform_variables.py from the outputs of member-role.yaml. Do not edit.

output "member_role_arn" {
  description = "The role that the capture assumes"
  value       = lookup(aws_cloudformation_stack.this.outputs, "MemberRoleArn", null)
}
