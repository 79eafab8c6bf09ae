//! Prints who the profile given as the argument is, by the AWS SDK for Rust.

use aws_smithy_http_client::{Builder, tls};

#[expect(clippy::disallowed_methods, reason = "another program than kcaws: its runtime is its own")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let profile = std::env::args().nth(1).ok_or("which profile?")?;
    let ring = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
        .http_client(Builder::new().tls_provider(ring).build_https())
        .profile_name(profile)
        .load()
        .await;
    let caller = aws_sdk_sts::Client::new(&config).get_caller_identity().send().await?;
    #[expect(clippy::print_stdout, reason = "its answer")]
    {
        println!("{}", serde_json::json!({ "arn": caller.arn, "account": caller.account }));
    }
    Ok(())
}
