//! The services by short names, and their pages in the console.
//!
//! The pages are those that the console itself links to. A service with a host of its own (Lightsail, QuickSight) is
//! not included, since sign-in only leads to the console.

use super::Partition;

#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// The usual name, as in the AWS CLI if that has one.
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    pub title: &'static str,
    /// Path, and fragment if there is one, without the Region.
    pub page: &'static str,
    /// Whether each Region has a page of its own.
    pub regional: bool,
}

const fn of(
    name: &'static str,
    aliases: &'static [&'static str],
    title: &'static str,
    page: &'static str,
) -> Service {
    Service { name, aliases, title, page, regional: true }
}

const fn global(
    name: &'static str,
    aliases: &'static [&'static str],
    title: &'static str,
    page: &'static str,
) -> Service {
    Service { regional: false, ..of(name, aliases, title, page) }
}

#[rustfmt::skip]
pub const SERVICES: &[Service] = &[
    of("access-analyzer", &[], "IAM Access Analyzer", "access-analyzer/home"),
    global("account", &[], "Account settings", "billing/home#/account"),
    of("acm", &["certificates"], "Certificate Manager", "acm/home"),
    of("acm-pca", &["pca"], "Private Certificate Authority", "acm-pca/home"),
    of("amplify", &[], "Amplify", "amplify/home"),
    of("apigateway", &["apigw", "agw"], "API Gateway", "apigateway/main/apis"),
    of("appconfig", &[], "AppConfig", "systems-manager/appconfig/applications"),
    of("apprunner", &[], "App Runner", "apprunner/home"),
    of("appstream", &[], "AppStream 2.0", "appstream2/home"),
    of("appsync", &[], "AppSync", "appsync/home"),
    global("artifact", &[], "Artifact", "artifact/home"),
    of("athena", &[], "Athena", "athena/home"),
    of("auditmanager", &[], "Audit Manager", "auditmanager/home"),
    of("autoscaling", &["asg"], "EC2 Auto Scaling groups", "ec2/home#AutoScalingGroups:"),
    of("backup", &[], "Backup", "backup/home"),
    of("batch", &[], "Batch", "batch/home"),
    of("bedrock", &[], "Bedrock", "bedrock/home"),
    global("billing", &["bills"], "Billing", "billing/home"),
    global("budgets", &[], "Budgets", "costmanagement/home#/budgets"),
    global("ce", &["cost-explorer", "costs"], "Cost Explorer", "costmanagement/home#/cost-explorer"),
    of("cloud9", &["c9"], "Cloud9", "cloud9/home"),
    of("cloudformation", &["cfn"], "CloudFormation", "cloudformation/home"),
    global("cloudfront", &["cf"], "CloudFront", "cloudfront/v4/home"),
    of("cloudhsm", &["hsm"], "CloudHSM", "cloudhsm/home"),
    of("cloudmap", &["servicediscovery"], "Cloud Map", "cloudmap/home"),
    of("cloudshell", &["shell"], "CloudShell", "cloudshell/home"),
    of("cloudtrail", &["ct", "trail"], "CloudTrail", "cloudtrailv2/home"),
    of("cloudwatch", &["cw"], "CloudWatch", "cloudwatch/home"),
    of("cloudwatch-alarms", &["alarms"], "CloudWatch alarms", "cloudwatch/home#alarmsV2:"),
    of("codeartifact", &[], "CodeArtifact", "codesuite/codeartifact/repositories"),
    of("codebuild", &["cb"], "CodeBuild", "codesuite/codebuild/projects"),
    of("codecommit", &["cc"], "CodeCommit", "codesuite/codecommit/repositories"),
    of("codedeploy", &["cd"], "CodeDeploy", "codesuite/codedeploy/applications"),
    of("codepipeline", &["cp", "pipelines"], "CodePipeline", "codesuite/codepipeline/pipelines"),
    of("cognito", &["cognito-idp"], "Cognito user pools", "cognito/v2/idp/user-pools"),
    of("comprehend", &[], "Comprehend", "comprehend/home"),
    of("compute-optimizer", &["optimizer"], "Compute Optimizer", "compute-optimizer/home"),
    of("config", &[], "Config", "config/home"),
    of("connect", &[], "Connect", "connect/v2/app/instances"),
    of("controltower", &[], "Control Tower", "controltower/home"),
    of("databrew", &[], "Glue DataBrew", "databrew/home"),
    of("datasync", &[], "DataSync", "datasync/home"),
    of("detective", &[], "Detective", "detective/home"),
    global("directconnect", &["dx"], "Direct Connect", "directconnect/v2/home"),
    of("directoryservice", &["ds"], "Directory Service", "directoryservicev2/home"),
    of("dms", &[], "Database Migration Service", "dms/v2/home"),
    of("docdb", &["documentdb"], "DocumentDB", "docdb/home"),
    of("dynamodb", &["ddb"], "DynamoDB", "dynamodbv2/home"),
    of("ebs", &["volumes"], "EBS volumes", "ec2/home#Volumes:"),
    of("ec2", &[], "EC2", "ec2/home"),
    of("ec2-instances", &["instances"], "EC2 instances", "ec2/home#Instances:"),
    of("ecr", &[], "Elastic Container Registry", "ecr/repositories"),
    of("ecs", &[], "Elastic Container Service", "ecs/v2/clusters"),
    of("efs", &[], "Elastic File System", "efs/home"),
    of("eks", &[], "Elastic Kubernetes Service", "eks/clusters"),
    of("elasticache", &["redis"], "ElastiCache", "elasticache/home"),
    of("elasticbeanstalk", &["eb", "beanstalk"], "Elastic Beanstalk", "elasticbeanstalk/home"),
    of("elb", &["alb", "nlb", "loadbalancers"], "Load balancers", "ec2/home#LoadBalancers:"),
    of("emr", &[], "EMR", "emr/home"),
    of("eventbridge", &["events"], "EventBridge", "events/home"),
    of("firehose", &[], "Data Firehose", "firehose/home"),
    of("fis", &[], "Fault Injection Service", "fis/home"),
    of("flink", &["kinesisanalytics"], "Managed Service for Apache Flink", "flink/home"),
    of("fsx", &[], "FSx", "fsx/home"),
    global("globalaccelerator", &["ga"], "Global Accelerator", "globalaccelerator/home"),
    of("glue", &[], "Glue", "glue/home"),
    of("grafana", &["amg"], "Managed Grafana", "grafana/home"),
    of("guardduty", &["gd"], "GuardDuty", "guardduty/home"),
    global("health", &["phd"], "Health Dashboard", "health/home"),
    global("iam", &[], "Identity and Access Management", "iam/home"),
    of("imagebuilder", &[], "EC2 Image Builder", "imagebuilder/home"),
    of("inspector", &[], "Inspector", "inspector/v2/home"),
    of("iot", &["iotcore"], "IoT Core", "iot/home"),
    of("kendra", &[], "Kendra", "kendra/home"),
    of("keyspaces", &["cassandra"], "Keyspaces", "keyspaces/home"),
    of("kinesis", &[], "Kinesis Data Streams", "kinesis/home"),
    of("kms", &["keys"], "Key Management Service", "kms/home#/kms/keys"),
    of("lakeformation", &[], "Lake Formation", "lakeformation/home"),
    of("lambda", &["l", "fn"], "Lambda", "lambda/home"),
    of("lex", &[], "Lex", "lexv2/home"),
    of("location", &[], "Location Service", "location/home"),
    of("logs", &["cwl"], "CloudWatch log groups", "cloudwatch/home#logsV2:log-groups"),
    of("logs-insights", &["insights"], "CloudWatch Logs Insights", "cloudwatch/home#logsV2:logs-insights"),
    of("macie", &[], "Macie", "macie/home"),
    of("mediaconvert", &[], "MediaConvert", "mediaconvert/home"),
    of("medialive", &[], "MediaLive", "medialive/home"),
    of("memorydb", &[], "MemoryDB", "memorydb/home"),
    of("mgn", &[], "Application Migration Service", "mgn/home"),
    of("mq", &["amazonmq"], "MQ", "amazon-mq/home"),
    of("msk", &["kafka"], "Managed Streaming for Apache Kafka", "msk/home"),
    of("mwaa", &["airflow"], "Managed Workflows for Apache Airflow", "mwaa/home"),
    of("neptune", &[], "Neptune", "neptune/home"),
    global("networkmanager", &["cloudwan"], "Network Manager", "networkmanager/home"),
    of("opensearch", &["aos", "es"], "OpenSearch Service", "aos/home"),
    global("organizations", &["orgs", "org"], "Organizations", "organizations/v2/home"),
    of("parameterstore", &["param", "params"], "Parameter Store", "systems-manager/parameters"),
    of("prometheus", &["amp"], "Managed Service for Prometheus", "prometheus/home"),
    of("ram", &[], "Resource Access Manager", "ram/home"),
    of("rds", &[], "RDS", "rds/home"),
    of("redshift", &[], "Redshift", "redshiftv2/home"),
    of("rekognition", &[], "Rekognition", "rekognition/home"),
    of("resiliencehub", &[], "Resilience Hub", "resiliencehub/home"),
    of("resource-explorer", &["explorer"], "Resource Explorer", "resource-explorer/home"),
    of("resource-groups", &["tags"], "Resource Groups", "resource-groups/home"),
    global("route53", &["r53", "dns"], "Route 53", "route53/v2/home"),
    of("route53resolver", &["resolver"], "Route 53 Resolver", "route53resolver/home"),
    of("s3", &["buckets"], "S3", "s3/buckets"),
    of("sagemaker", &[], "SageMaker", "sagemaker/home"),
    of("scheduler", &[], "EventBridge Scheduler", "scheduler/home"),
    of("secretsmanager", &["sm", "secrets"], "Secrets Manager", "secretsmanager/listsecrets"),
    of("security-groups", &["sg"], "Security groups", "ec2/home#SecurityGroups:"),
    of("securityhub", &["hub"], "Security Hub", "securityhub/home"),
    of("securitylake", &[], "Security Lake", "securitylake/home"),
    of("servicecatalog", &["sc"], "Service Catalog", "servicecatalog/home"),
    of("servicequotas", &["quotas"], "Service Quotas", "servicequotas/home"),
    of("ses", &["email"], "Simple Email Service", "ses/home"),
    of("signer", &[], "Signer", "signer/home"),
    of("sns", &["topics"], "Simple Notification Service", "sns/v3/home"),
    of("sqs", &["queues"], "Simple Queue Service", "sqs/v3/home"),
    of("ssm", &["systems-manager"], "Systems Manager", "systems-manager/home"),
    of("ssm-sessions", &["session-manager"], "Session Manager", "systems-manager/session-manager/sessions"),
    of("sso", &["identitycenter", "identity-center"], "IAM Identity Center", "singlesignon/home"),
    of("states", &["sfn", "stepfunctions"], "Step Functions", "states/home"),
    of("storagegateway", &[], "Storage Gateway", "storagegateway/home"),
    global("support", &["cases"], "Support", "support/home"),
    of("synthetics", &["canaries"], "CloudWatch Synthetics", "cloudwatch/home#synthetics:canary/list"),
    of("textract", &[], "Textract", "textract/home"),
    of("timestream", &[], "Timestream", "timestream/home"),
    of("transfer", &["sftp"], "Transfer Family", "transfer/home"),
    global("trustedadvisor", &["ta", "tra"], "Trusted Advisor", "trustedadvisor/home"),
    of("verifiedpermissions", &[], "Verified Permissions", "verifiedpermissions/home"),
    of("vpc", &[], "VPC", "vpcconsole/home"),
    of("waf", &["wafv2"], "WAF", "wafv2/homev2"),
    of("wellarchitected", &["wa"], "Well-Architected Tool", "wellarchitected/home"),
    of("workspaces", &["ws"], "WorkSpaces", "workspaces/v2/home"),
    of("xray", &["traces"], "X-Ray traces", "cloudwatch/home#xray:traces/query"),
];

/// How many names a message lists.
const MOST_NEAR: usize = 4;

pub fn find(name: &str) -> Option<&'static Service> {
    let is = |known: &str| known.eq_ignore_ascii_case(name);
    SERVICES.iter().find(|service| is(service.name) || service.aliases.iter().any(|alias| is(alias)))
}

/// Returns similar names, the most similar first.
pub fn near(name: &str) -> Vec<&'static str> {
    let name = name.to_ascii_lowercase();
    let names = SERVICES.iter().flat_map(|service| service.aliases.iter().copied().chain([service.name]));
    let mut near: Vec<(usize, &str)> = names
        .filter_map(|known| {
            let begins =
                name.len() > 1 && (known.starts_with(&name) || name.starts_with(known) && known.len() > 2);
            let distance = strsim::damerau_levenshtein(&name, known);
            (begins || distance <= (name.len().max(known.len()) / 4).max(1)).then_some((distance, known))
        })
        .collect();
    near.sort_unstable();
    near.into_iter().take(MOST_NEAR).map(|(_, known)| known).collect()
}

impl Service {
    pub fn url(&self, partition: Partition, region: &str) -> String {
        if !self.regional {
            return format!("{}/{}", partition.global_console_origin(), self.page);
        }
        let (path, fragment) = match self.page.split_once('#') {
            Some((path, fragment)) => (path, format!("#{fragment}")),
            None => (self.page, String::new()),
        };
        format!("{}/{path}?region={region}{fragment}", partition.console_origin(region))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::console::{Destination, destination};

    #[test]
    fn names_and_aliases_are_short_and_each_means_one_service() {
        let mut seen = BTreeSet::new();
        for service in SERVICES {
            for name in service.aliases.iter().chain([&service.name]) {
                assert!(seen.insert(*name), "{name} twice");
                let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
                assert!(name.bytes().all(plain), "{name}");
                assert_eq!(find(&name.to_uppercase()).map(|found| found.name), Some(service.name));
            }
        }
        assert!(SERVICES.len() >= 80, "{}", SERVICES.len());
        assert!(SERVICES.is_sorted_by_key(|service| service.name), "--list-services is read by people");
    }

    /// In every partition, each page is one that `--destination` would take, in the region that was asked for.
    #[test]
    fn every_service_has_a_page_in_every_partition() {
        for region in ["eu-central-1", "us-gov-west-1", "cn-north-1", "eusc-de-east-1"] {
            let partition = Partition::of_region(region);
            for service in SERVICES {
                let url = service.url(partition, region);
                let taken = destination::of(&url, partition, region);
                let Destination { url: back, region: found, account, .. } = taken.expect(&url);
                assert_eq!((back.as_str(), found.as_str(), account), (url.as_str(), region, None));
                assert_eq!(url.contains("region="), service.regional, "{url}");
            }
        }
    }

    #[test]
    fn urls() {
        for (name, region, url) in [
            ("s3", "eu-west-1", "https://eu-west-1.console.aws.amazon.com/s3/buckets?region=eu-west-1"),
            (
                "logs",
                "eu-west-1",
                "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:log-groups",
            ),
            ("iam", "eu-west-1", "https://console.aws.amazon.com/iam/home"),
            ("iam", "us-gov-west-1", "https://console.amazonaws-us-gov.com/iam/home"),
            ("ce", "eu-west-1", "https://console.aws.amazon.com/costmanagement/home#/cost-explorer"),
            ("ddb", "cn-north-1", "https://console.amazonaws.cn/dynamodbv2/home?region=cn-north-1"),
            (
                "ec2",
                "eusc-de-east-1",
                "https://eusc-de-east-1.console.amazonaws-eusc.eu/ec2/home?region=eusc-de-east-1",
            ),
        ] {
            assert_eq!(find(name).expect(name).url(Partition::of_region(region), region), url);
        }
        for name in ["iam", "route53", "cloudfront", "organizations", "billing"] {
            assert!(!find(name).expect(name).regional, "{name}");
        }
    }

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        for (typed, meant) in
            [("lamda", "lambda"), ("dynamo", "dynamodb"), ("cloudfrmation", "cloudformation"), ("EC3", "ec2")]
        {
            assert!(near(typed).contains(&meant), "{typed}: {:?}", near(typed));
        }
        for far in ["", "q", "paperclips", "\u{1b}[2J"] {
            assert!(near(far).len() <= MOST_NEAR && !near(far).contains(&"lambda"), "{far}: {:?}", near(far));
        }
    }
}
