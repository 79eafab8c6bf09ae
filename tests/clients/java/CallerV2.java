import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.model.GetCallerIdentityResponse;

/** Prints who the profile given as the argument is, by the AWS SDK for Java v2. */
public class CallerV2 {
    public static void main(String[] args) {
        ProfileCredentialsProvider profile = ProfileCredentialsProvider.create(args[0]);
        try (StsClient sts = StsClient.builder().credentialsProvider(profile).build()) {
            GetCallerIdentityResponse caller = sts.getCallerIdentity();
            System.out.printf("{\"arn\": \"%s\", \"account\": \"%s\"}%n", caller.arn(), caller.account());
        }
    }
}
