import com.amazonaws.auth.profile.ProfileCredentialsProvider;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.securitytoken.AWSSecurityTokenService;
import com.amazonaws.services.securitytoken.AWSSecurityTokenServiceClientBuilder;
import com.amazonaws.services.securitytoken.model.GetCallerIdentityRequest;
import com.amazonaws.services.securitytoken.model.GetCallerIdentityResult;

/**
 * Prints who the profile given as the argument is, by the AWS SDK for Java v1. It reads ~/.aws/config where there is
 * no ~/.aws/credentials, and knows no endpoint variables.
 */
public class CallerV1 {
    public static void main(String[] args) {
        EndpointConfiguration endpoint =
                new EndpointConfiguration(System.getenv("AWS_ENDPOINT_URL_STS"), System.getenv("AWS_REGION"));
        AWSSecurityTokenService sts = AWSSecurityTokenServiceClientBuilder.standard()
                .withCredentials(new ProfileCredentialsProvider(args[0]))
                .withEndpointConfiguration(endpoint)
                .build();
        GetCallerIdentityResult caller = sts.getCallerIdentity(new GetCallerIdentityRequest());
        System.out.printf("{\"arn\": \"%s\", \"account\": \"%s\"}%n", caller.getArn(), caller.getAccount());
    }
}
