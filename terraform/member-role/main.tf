resource "aws_cloudformation_stack" "this" {
  # checkov:skip=CKV_AWS_124: Terraform waits for the stack and shows its errors
  name          = var.name
  template_body = file(coalesce(var.template_file, "${path.module}/../../member-role.yaml"))
  parameters    = local.parameters

  # The role has a name, because it must be the same in every account.
  capabilities = ["CAPABILITY_NAMED_IAM"]
  tags         = var.tags
}
