# A secret that Keyturn rotates, from Terraform. Terraform owns the secret, its tags and its schedule; it never sees the key: the value is written once as
# a placeholder and then belongs to people (who paste the first key) and to Keyturn (who rotates it).

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.30"
    }
  }
}

variable "stage" {
  description = "The Keyturn stage whose configuration names the ids below"
  type        = string
  default     = "prod"
}

# What the stage tells about itself.
data "aws_ssm_parameter" "rotation_handler_arn" {
  name = "/keyturn/${var.stage}/rotation-handler/arn"
}

resource "aws_secretsmanager_secret" "orders_apigee" {
  name        = "payments/orders-apigee"
  description = "Apigee key of orders-client; rotated by Keyturn"

  # Ids of the stage's configuration. They decide who rotates the key and how: let nobody but the deploy role tag this secret.
  tags = {
    "keyturn:provider" = "apigee"
    "keyturn:policy"   = "standard"
    "keyturn:shape"    = "pair"
    "keyturn:owner"    = "payments"
    "keyturn:target"   = "developers/orders-team@acme.example/apps/orders-client"
  }
}

# Only so that the secret has a value at all. Everything that is written to it later is none of Terraform's business.
resource "aws_secretsmanager_secret_version" "placeholder" {
  secret_id     = aws_secretsmanager_secret.orders_apigee.id
  secret_string = jsonencode({ api_key = "", api_secret = "" })

  lifecycle {
    ignore_changes = [secret_string, version_stages]
  }
}

resource "aws_secretsmanager_secret_rotation" "orders_apigee" {
  secret_id           = aws_secretsmanager_secret.orders_apigee.id
  rotation_lambda_arn = data.aws_ssm_parameter.rotation_handler_arn.value

  # The provider's default is true: to attach a schedule would rotate the key in the middle of an apply.
  rotate_immediately = false

  # As the policy of the configuration says.
  rotation_rules {
    schedule_expression = "rate(30 days)"
    duration            = "4h"
  }

  depends_on = [aws_secretsmanager_secret_version.placeholder]
}

# What an application needs, and no more: the current version of this one secret.
data "aws_iam_policy_document" "read_orders_apigee" {
  statement {
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [aws_secretsmanager_secret.orders_apigee.arn]

    condition {
      test     = "ForAnyValue:StringEquals"
      variable = "secretsmanager:VersionStage"
      values   = ["AWSCURRENT"]
    }
  }
}
