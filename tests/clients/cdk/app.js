// A stack whose template has the account that the CDK found by the profile.
const { App, CfnOutput, Stack } = require('aws-cdk-lib');

const env = { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION };
const stack = new Stack(new App(), 'Example', { env });
new CfnOutput(stack, 'Place', { value: `${stack.account} ${stack.region}` });
