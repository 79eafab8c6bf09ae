//! ARNs, and the console page of the resource that each one names.
//!
//! The form of ARNs: "Identify AWS resources with Amazon Resource Names" in the IAM user guide; their resources: the
//! service authorization reference. The pages are those that the console itself links to.

use percent_encoding::{AsciiSet, utf8_percent_encode};

use super::{COMPONENT, Partition, is_region};

/// `arn:partition:service:region:account:resource`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    text: &'a str,
    pub partition: Partition,
    pub service: &'a str,
    /// Empty for resources without a Region, and for S3.
    pub region: &'a str,
    /// Empty for S3 and similar services, `aws` for what AWS manages.
    pub account: &'a str,
    resource: &'a str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArnError {
    /// It does not have six fields, or one of them is invalid.
    Malformed(&'static str),
    /// An S3 ARN that is not of a bucket: buckets have neither Region nor account.
    NoBucket,
    /// The page is unknown. `known` has the known resource kinds of this service, or else the services.
    Unknown { of_service: bool, known: Vec<&'static str> },
}

/// One kind of resource.
struct Rule {
    service: &'static str,
    /// The prefix of its resource; empty for a bare name, without `/` and `:`.
    head: &'static str,
    /// With a Region in it, the page is in that Region. `{…}`: see [`Arn::value`].
    page: &'static str,
}

const fn to(service: &'static str, head: &'static str, page: &'static str) -> Rule {
    Rule { service, head, page }
}

/// An object: anything with a slash.
const ANY_WITH_SLASH: &str = "*/";

#[rustfmt::skip]
const RULES: &[Rule] = &[
    to("access-analyzer", "analyzer/", "access-analyzer/home?region={region}#/analyzer/{all}"),
    to("acm", "certificate/", "acm/home?region={region}#/certificates/{all}"),
    to("amplify", "apps/", "amplify/home?region={region}#/{1}"),
    to("apigateway", "/restapis/", "apigateway/main/apis/{1}/resources?api={1}&region={region}"),
    to("apigateway", "/apis/", "apigateway/main/api-detail?api={1}&region={region}"),
    to("appsync", "apis/", "appsync/home?region={region}#/{1}/v1/home"),
    to("athena", "workgroup/", "athena/home?region={region}#/workgroups/details/{all}"),
    to("autoscaling", "autoScalingGroup:", "ec2/home?region={region}#AutoScalingGroupDetails:id={after};view=details"),
    to("backup", "backup-vault:", "backup/home?region={region}#/backupvaults/details/{all}"),
    to("cloudformation", "stack/", "cloudformation/home?region={region}#/stacks/stackinfo?stackId={arn}"),
    to("cloudfront", "distribution/", "cloudfront/v4/home#/distributions/{all}"),
    to("cloudtrail", "trail/", "cloudtrailv2/home?region={region}#/trails/{arn}"),
    to("cloudwatch", "alarm:", "cloudwatch/home?region={region}#alarmsV2:alarm/{all}"),
    to("cloudwatch", "dashboard/", "cloudwatch/home?region={region}#dashboards/dashboard/{all}"),
    to("codebuild", "project/", "codesuite/codebuild/{account}/projects/{all}?region={region}"),
    to("codecommit", "", "codesuite/codecommit/repositories/{all}/browse?region={region}"),
    to("codedeploy", "application:", "codesuite/codedeploy/applications/{all}?region={region}"),
    to("codepipeline", "", "codesuite/codepipeline/pipelines/{all}/view?region={region}"),
    to("cognito-idp", "userpool/", "cognito/v2/idp/user-pools/{all}/users?region={region}"),
    to("dynamodb", "table/", "dynamodbv2/home?region={region}#table?name={1}"),
    to("ec2", "elastic-ip/", "ec2/home?region={region}#ElasticIpDetails:AllocationId={all}"),
    to("ec2", "image/", "ec2/home?region={region}#ImageDetails:imageId={all}"),
    to("ec2", "instance/", "ec2/home?region={region}#InstanceDetails:instanceId={all}"),
    to("ec2", "internet-gateway/", "vpcconsole/home?region={region}#InternetGateway:internetGatewayId={all}"),
    to("ec2", "launch-template/", "ec2/home?region={region}#LaunchTemplateDetails:launchTemplateId={all}"),
    to("ec2", "natgateway/", "vpcconsole/home?region={region}#NatGatewayDetails:natGatewayId={all}"),
    to("ec2", "network-acl/", "vpcconsole/home?region={region}#NetworkAclDetails:networkAclId={all}"),
    to("ec2", "network-interface/", "ec2/home?region={region}#NetworkInterface:networkInterfaceId={all}"),
    to("ec2", "route-table/", "vpcconsole/home?region={region}#RouteTableDetails:RouteTableId={all}"),
    to("ec2", "security-group/", "ec2/home?region={region}#SecurityGroup:groupId={all}"),
    to("ec2", "snapshot/", "ec2/home?region={region}#SnapshotDetails:snapshotId={all}"),
    to("ec2", "subnet/", "vpcconsole/home?region={region}#SubnetDetails:subnetId={all}"),
    to("ec2", "transit-gateway/", "vpcconsole/home?region={region}#TransitGatewayDetails:transitGatewayId={all}"),
    to("ec2", "volume/", "ec2/home?region={region}#VolumeDetails:volumeId={all}"),
    to("ec2", "vpc/", "vpcconsole/home?region={region}#VpcDetails:VpcId={all}"),
    to("ec2", "vpc-endpoint/", "vpcconsole/home?region={region}#EndpointDetails:vpcEndpointId={all}"),
    to("ecr", "repository/", "ecr/repositories/private/{account}/{all}?region={region}"),
    to("ecs", "cluster/", "ecs/v2/clusters/{all}?region={region}"),
    to("ecs", "service/", "ecs/v2/clusters/{1}/services/{2}?region={region}"),
    to("ecs", "task/", "ecs/v2/clusters/{1}/tasks/{2}?region={region}"),
    to("ecs", "task-definition/", "ecs/v2/task-definitions/{name}/{version}?region={region}"),
    to("eks", "cluster/", "eks/clusters/{all}?region={region}"),
    to("eks", "nodegroup/", "eks/clusters/{1}/nodegroups/{2}?region={region}"),
    to("elasticache", "replicationgroup:", "elasticache/home?region={region}#/redis/{all}"),
    to("elasticfilesystem", "file-system/", "efs/home?region={region}#/file-systems/{all}"),
    to("elasticloadbalancing", "loadbalancer/app/", "ec2/home?region={region}#LoadBalancer:loadBalancerArn={plain-arn}"),
    to("elasticloadbalancing", "loadbalancer/gwy/", "ec2/home?region={region}#LoadBalancer:loadBalancerArn={plain-arn}"),
    to("elasticloadbalancing", "loadbalancer/net/", "ec2/home?region={region}#LoadBalancer:loadBalancerArn={plain-arn}"),
    to("elasticloadbalancing", "targetgroup/", "ec2/home?region={region}#TargetGroup:targetGroupArn={plain-arn}"),
    to("es", "domain/", "aos/home?region={region}#opensearch/domains/{all}"),
    to("events", "event-bus/", "events/home?region={region}#/eventbus/{all}"),
    to("events", "rule/", "events/home?region={region}#/eventbus/{1}/rules/{2}"),
    to("events", "rule/", "events/home?region={region}#/eventbus/default/rules/{1}"),
    to("firehose", "deliverystream/", "firehose/home?region={region}#/details/{all}/monitoring"),
    to("glue", "job/", "gluestudio/home?region={region}#/editor/job/{all}/script"),
    to("iam", "group/", "iam/home#/groups/details/{last}"),
    to("iam", "oidc-provider/", "iam/home#/identity_providers/details/OPENID/{arn}"),
    to("iam", "policy/", "iam/home#/policies/details/{arn}"),
    to("iam", "role/", "iam/home#/roles/details/{last}"),
    to("iam", "saml-provider/", "iam/home#/identity_providers/details/SAML/{arn}"),
    to("iam", "user/", "iam/home#/users/details/{last}"),
    to("kafka", "cluster/", "msk/home?region={region}#/cluster/{arn}/view"),
    to("kinesis", "stream/", "kinesis/home?region={region}#/streams/details/{all}/monitoring"),
    to("kms", "key/", "kms/home?region={region}#/kms/keys/{all}"),
    to("lambda", "function:", "lambda/home?region={region}#/functions/{name}"),
    to("lambda", "layer:", "lambda/home?region={region}#/layers/{name}/versions/{version}"),
    to("logs", "log-group:", "cloudwatch/home?region={region}#logsV2:log-groups/log-group/{log-group}"),
    to("medialive", "channel:", "medialive/home?region={region}#/channels/{all}"),
    to("organizations", "account/", "organizations/v2/home/accounts/{2}"),
    to("rds", "cluster:", "rds/home?region={region}#database:id={all};is-cluster=true"),
    to("rds", "cluster-snapshot:", "rds/home?region={region}#db-snapshot:id={all}"),
    to("rds", "db:", "rds/home?region={region}#database:id={all};is-cluster=false"),
    to("rds", "snapshot:", "rds/home?region={region}#db-snapshot:id={all}"),
    to("rds", "subgrp:", "rds/home?region={region}#db-subnet-group:id={all}"),
    to("redshift", "cluster:", "redshiftv2/home?region={region}#cluster-details?cluster={all}"),
    to("route53", "hostedzone/", "route53/v2/hostedzones#ListRecordSets/{all}"),
    to("s3", "", "s3/buckets/{all}?region={region}"),
    to("s3", ANY_WITH_SLASH, "s3/object/{1}?region={region}&prefix={after}"),
    to("sagemaker", "endpoint/", "sagemaker/home?region={region}#/endpoints/{all}"),
    to("sagemaker", "model/", "sagemaker/home?region={region}#/models/{all}"),
    to("sagemaker", "notebook-instance/", "sagemaker/home?region={region}#/notebook-instances/{all}"),
    to("sagemaker", "training-job/", "sagemaker/home?region={region}#/jobs/{all}"),
    to("secretsmanager", "secret:", "secretsmanager/secret?name={secret}&region={region}"),
    to("ses", "identity/", "ses/home?region={region}#/identities/{all}"),
    to("sns", "", "sns/v3/home?region={region}#/topic/{plain-arn}"),
    to("sqs", "", "sqs/v3/home?region={region}#/queues/https%3A%2F%2Fsqs.{region}.{dns-suffix}%2F{account}%2F{all}"),
    to("ssm", "document/", "systems-manager/documents/{all}/description?region={region}"),
    to("ssm", "parameter/", "systems-manager/parameters/{parameter}/description?region={region}&tab=Table"),
    to("states", "execution:", "states/home?region={region}#/v2/executions/details/{arn}"),
    to("states", "stateMachine:", "states/home?region={region}#/statemachines/view/{arn}"),
    to("sts", "assumed-role/", "iam/home#/roles/details/{1}"),
    to("wafv2", "global/webacl/", "wafv2/homev2/web-acl/{1}/{2}/overview?region=global"),
    to("wafv2", "regional/webacl/", "wafv2/homev2/web-acl/{1}/{2}/overview?region={region}"),
];

/// Pages that accept an ARN as it is.
const PLAIN: &AsciiSet = &COMPONENT.remove(b':').remove(b'/');

impl<'a> Arn<'a> {
    pub fn parse(text: &'a str) -> Result<Self, ArnError> {
        let mut fields = text.splitn(6, ':');
        let mut field = || fields.next().ok_or(ArnError::Malformed("an ARN has six fields"));
        let malformed = |why| Err(ArnError::Malformed(why));
        if field()? != "arn" {
            return malformed("an ARN begins with `arn:`");
        }
        let Some(partition) = Partition::of_arn(field()?) else {
            return malformed("its partition is none of aws, aws-us-gov, aws-cn and aws-eusc");
        };
        let (service, region, account, resource) = (field()?, field()?, field()?, field()?);
        if !region.is_empty() && (!is_region(region) || Partition::of_region(region) != partition) {
            return malformed("its region is none of its partition");
        }
        if !(account.is_empty() || account == "aws" || crate::profile::target::is_account_id(account)) {
            return malformed("its account ID does not have 12 digits");
        }
        if resource.is_empty() || text.chars().any(char::is_control) {
            return malformed("it names no resource");
        }
        Ok(Self { text, partition, service, region, account, resource })
    }

    /// Returns the console page and its Region. `region` is for resources without one.
    pub fn page(&self, region: &str) -> Result<String, ArnError> {
        // An access point, say, whose name would be mistaken for a bucket's.
        if self.service == "s3" && !(self.region.is_empty() && self.account.is_empty()) {
            return Err(ArnError::NoBucket);
        }
        let region = if self.region.is_empty() { region } else { self.region };
        let of_service = || RULES.iter().filter(|rule| rule.service == self.service);
        let found = of_service().find_map(|rule| self.fill(rule, self.tail(rule)?, region));
        found.ok_or_else(|| {
            let mut known: Vec<&str> = of_service().map(Rule::kind).collect();
            let of_service = !known.is_empty();
            if !of_service {
                known = RULES.iter().map(|rule| rule.service).collect();
            }
            known.dedup();
            ArnError::Unknown { of_service, known }
        })
    }

    /// Returns a secret's name if the six characters after it look like a word or a date.
    ///
    /// They may be part of the name then.
    pub fn doubtful_secret(&self) -> Option<(&'a str, &'a str)> {
        let secret = self.resource.strip_prefix("secret:").filter(|_| self.service == "secretsmanager")?;
        let (name, suffix) = secret_suffix(secret)?;
        let all = |is: fn(&u8) -> bool| suffix.as_bytes().iter().all(is);
        let lower_after_first = suffix.bytes().skip(1).all(|byte| byte.is_ascii_lowercase());
        let doubtful = all(u8::is_ascii_digit)
            || all(u8::is_ascii_uppercase)
            || (suffix.starts_with(|first: char| first.is_ascii_alphabetic()) && lower_after_first);
        doubtful.then_some((name, suffix))
    }

    /// Returns the part after the rule's prefix.
    fn tail(&self, rule: &Rule) -> Option<&'a str> {
        let tail = match rule.head {
            "" => Some(self.resource).filter(|resource| !resource.contains(['/', ':'])),
            ANY_WITH_SLASH => Some(self.resource).filter(|resource| resource.contains('/')),
            head => self.resource.strip_prefix(head),
        };
        tail.filter(|tail| !tail.is_empty())
    }

    /// Returns the page; `None` if the resource lacks a part that the page needs.
    fn fill(&self, rule: &Rule, tail: &str, region: &str) -> Option<String> {
        let origin = if rule.page.contains("{region}") {
            self.partition.console_origin(region)
        } else {
            self.partition.global_console_origin()
        };
        let mut url = format!("{origin}/");
        let mut rest = rule.page;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}')?;
            url.push_str(before);
            url.push_str(&self.value(name, tail, region)?);
            rest = after;
        }
        url.push_str(rest);
        Some(url)
    }

    /// Returns a part of the ARN, encoded, since an ARN is foreign text.
    fn value(&self, name: &str, tail: &str, region: &str) -> Option<String> {
        let component = |text: &str| utf8_percent_encode(text, COMPONENT).to_string();
        let part = |index: usize| tail.split('/').nth(index).filter(|part| !part.is_empty());
        // Names that may be followed by a version, an alias or `*`.
        let (named, version) = tail.split_once(':').map_or((tail, None), |(named, more)| (named, Some(more)));
        Some(match name {
            "region" => region.to_owned(),
            "account" => component(self.account),
            "dns-suffix" => self.partition.dns_suffix.to_owned(),
            "arn" => component(self.text),
            "plain-arn" => utf8_percent_encode(self.text, PLAIN).to_string(),
            "1" => component(part(0)?),
            "2" => component(part(1)?),
            "last" => component(tail.rsplit('/').next().filter(|last| !last.is_empty())?),
            "after" => {
                component(tail.split_once('/').map(|(_, after)| after).filter(|after| !after.is_empty())?)
            }
            "name" => component(named),
            "version" => component(version?),
            // CloudWatch encodes twice, with `$` for the second `%`.
            "log-group" => component(&component(named)).replace('%', "$"),
            "secret" => component(secret_suffix(tail).map_or(tail, |(name, _)| name)),
            // A name with a path begins with the slash that precedes it in the ARN. Encoded twice.
            "parameter" if tail.contains('/') => component(&component(&format!("/{tail}"))),
            "all" | "parameter" => component(tail),
            _ => return None,
        })
    }
}

impl Rule {
    /// Describes the resource in messages.
    fn kind(&self) -> &'static str {
        match self.head {
            "" => "NAME",
            ANY_WITH_SLASH => "NAME/…",
            head => head.trim_matches(['/', ':']),
        }
    }
}

/// Returns the name without the dash and six characters that Secrets Manager adds.
///
/// Like Secrets Manager itself with an ARN that may lack them, this removes whatever looks like them.
fn secret_suffix(secret: &str) -> Option<(&str, &str)> {
    let is_suffix =
        |suffix: &str| suffix.len() == 6 && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric());
    secret.rsplit_once('-').filter(|(name, suffix)| !name.is_empty() && is_suffix(suffix))
}

#[cfg(test)]
mod tests;
