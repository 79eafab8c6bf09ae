// Prints who the profile given as the argument is, by the AWS SDK for JavaScript v3.
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { fromNodeProviderChain } from "@aws-sdk/credential-providers";

const profile = process.argv[2];
const sts = new STSClient({ profile, credentials: fromNodeProviderChain({ profile }) });
const caller = await sts.send(new GetCallerIdentityCommand({}));
console.log(JSON.stringify({ arn: caller.Arn, account: caller.Account }));
