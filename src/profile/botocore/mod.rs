//! How botocore (AWS CLI, Python) reads `~/.aws/config`, where that differs from the other SDKs.

pub mod differences;
mod headers;
mod strict;
