locals {
  own_bucket      = var.artifact_bucket == null
  artifact_bucket = local.own_bucket ? aws_s3_bucket.artifacts[0].bucket : data.aws_s3_bucket.existing[0].bucket
  # The address of a bucket within its Region, of any AWS partition.
  artifact_domain = local.own_bucket ? aws_s3_bucket.artifacts[0].bucket_regional_domain_name : data.aws_s3_bucket.existing[0].bucket_regional_domain_name
}

resource "aws_cloudformation_stack" "this" {
  # checkov:skip=CKV_AWS_124: Terraform waits for the stack and shows its errors
  name         = var.name
  template_url = "https://${local.artifact_domain}/${aws_s3_object.template.key}"

  parameters = merge(local.parameters, {
    CodeBucket = aws_s3_object.code.bucket
    CodeKey    = aws_s3_object.code.key
  })

  # The template's roles have no names of their own. Its transform, SAM, is expanded by CloudFormation.
  capabilities = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
  tags         = var.tags
}

# Keys have the hash of the content, because neither CloudFormation nor Terraform's provider notices content that changed under
# the same address. An old object is deleted only after the stack was updated: an update that fails is rolled back to it.
resource "aws_s3_object" "template" {
  # checkov:skip=CKV_AWS_186: The bucket's own encryption applies. The template is no secret
  bucket = local.artifact_bucket
  key    = "${var.name}/${filesha256(var.template_file)}.yaml"
  source = var.template_file

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [aws_s3_bucket_policy.artifacts, aws_s3_bucket_versioning.artifacts, aws_s3_bucket_server_side_encryption_configuration.artifacts]
}

resource "aws_s3_object" "code" {
  # checkov:skip=CKV_AWS_186: The bucket's own encryption applies. The code is no secret
  bucket = local.artifact_bucket
  key    = "${var.name}/${filesha256(var.zip_file)}.zip"
  source = var.zip_file

  lifecycle {
    create_before_destroy = true
  }

  depends_on = [aws_s3_bucket_policy.artifacts, aws_s3_bucket_versioning.artifacts, aws_s3_bucket_server_side_encryption_configuration.artifacts]
}
