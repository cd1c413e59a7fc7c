# The bucket for the template and the code: one that exists, or one of the module's own.

data "aws_region" "current" {}

data "aws_s3_bucket" "existing" {
  count  = local.own_bucket ? 0 : 1
  bucket = var.artifact_bucket

  lifecycle {
    postcondition {
      # Lambda reads code from buckets of its own Region only.
      condition     = self.bucket_region == data.aws_region.current.region
      error_message = "artifact_bucket is in ${self.bucket_region}, but the stack is in ${data.aws_region.current.region}."
    }
  }
}

resource "aws_s3_bucket" "artifacts" {
  # checkov:skip=CKV_AWS_18: It has the template and the code, which are no secrets, and no evidence. The data events of CloudTrail record who reads and writes
  # checkov:skip=CKV_AWS_144: Terraform uploads the objects again if they are lost
  # checkov:skip=CKV_AWS_145: It has the template and the code, which are no secrets, and no evidence. The encryption of S3 itself needs no key whose policy must let CloudFormation and Lambda use it
  # checkov:skip=CKV2_AWS_62: Nothing acts on new objects
  count         = local.own_bucket ? 1 : 0
  bucket_prefix = "client-vpn-audit-code-"
  tags          = var.tags
}

resource "aws_s3_bucket_ownership_controls" "artifacts" {
  count  = local.own_bucket ? 1 : 0
  bucket = aws_s3_bucket.artifacts[0].bucket

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "artifacts" {
  count                   = local.own_bucket ? 1 : 0
  bucket                  = aws_s3_bucket.artifacts[0].bucket
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "artifacts" {
  count  = local.own_bucket ? 1 : 0
  bucket = aws_s3_bucket.artifacts[0].bucket

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "artifacts" {
  count  = local.own_bucket ? 1 : 0
  bucket = aws_s3_bucket.artifacts[0].bucket

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "artifacts" {
  count  = local.own_bucket ? 1 : 0
  bucket = aws_s3_bucket.artifacts[0].bucket

  rule {
    id     = "leftovers"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = 30
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  # Only a versioned bucket has noncurrent versions.
  depends_on = [aws_s3_bucket_versioning.artifacts]
}

resource "aws_s3_bucket_policy" "artifacts" {
  count  = local.own_bucket ? 1 : 0
  bucket = aws_s3_bucket.artifacts[0].bucket

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "RefuseRequestsWithoutTls"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [aws_s3_bucket.artifacts[0].arn, "${aws_s3_bucket.artifacts[0].arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  # S3 refuses two changes of a bucket's access at the same time.
  depends_on = [aws_s3_bucket_public_access_block.artifacts]
}
