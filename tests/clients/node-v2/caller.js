// Prints who the profile given as the argument is, by the AWS SDK for JavaScript v2. It asks credential_process with
// AWS_SDK_LOAD_CONFIG=1 only.
const AWS = require("aws-sdk");

process.env.AWS_PROFILE = process.argv[2];
const sts = new AWS.STS({ endpoint: process.env.AWS_ENDPOINT_URL_STS, region: process.env.AWS_REGION });
sts.getCallerIdentity({}, (error, caller) => {
  if (error) throw error;
  console.log(JSON.stringify({ arn: caller.Arn, account: caller.Account }));
});
