//! Identity Center's side: the instance, the rights that it takes to administer it, the company's own start URL.

pub(crate) mod instance;
pub(crate) mod rights;
pub(crate) mod scim_token;
pub(crate) mod web_server;
