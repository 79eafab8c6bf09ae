//! Access tokens, and what the endpoint says of itself.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use idc_sim::{IdcSim, Route, SECRET_MARK, Throttle};
use serde_json::json;

use super::{Scim, detail, user};
use crate::client::Client;

const YEAR: Duration = Duration::from_secs(365 * 86_400);

#[test]
fn two_tokens_for_a_year_each() {
    let sim = IdcSim::builder().start();
    let first = Scim::new(&sim);
    assert!(first.token.contains(SECRET_MARK) && (500..=620).contains(&first.token.len()));
    sim.advance(YEAR / 2);
    let second = Scim::new(&sim);
    assert!(catch_unwind(AssertUnwindSafe(|| sim.issue_scim_token())).is_err(), "a third");
    sim.advance(YEAR / 2);
    assert_eq!(first.get("Users").status, 401, "expired");
    assert_eq!(second.get("Users").status, 200);
    sim.delete_scim_token(&first.token);
    let third = Scim::new(&sim);
    sim.delete_scim_token(&second.token);
    assert_eq!((second.get("Users").status, third.get("Users").status), (401, 200));
}

#[test]
fn provisioning_that_was_off_has_another_endpoint() {
    let sim = IdcSim::builder().start();
    let before = Scim::new(&sim);
    sim.switch_provisioning_off();
    assert_eq!(before.get("Users").status, 401);
    assert!(catch_unwind(AssertUnwindSafe(|| sim.issue_scim_token())).is_err());
    sim.switch_provisioning_on();
    assert_ne!(sim.scim_endpoint(), before.base);
    let after = Scim::new(&sim);
    assert_eq!((before.get("Users").status, after.get("Users").status), (401, 200));
    let wrong_tenant = Scim { base: before.base, ..Scim { token: after.token, ..after } };
    assert_eq!(detail(&wrong_tenant.get("Users")).0, 401, "the right token at the old endpoint");
}

#[test]
fn without_a_token_nothing_is_said() {
    let sim = IdcSim::builder().start();
    let client = Client::new(&sim);
    for path in ["Users", "Groups", "ServiceProviderConfig", "Schemas"] {
        let url = format!("{}{path}", sim.scim_endpoint());
        for headers in [&[][..], &[("authorization", "Bearer x")], &[("authorization", "Basic x")]] {
            assert_eq!(detail(&client.send("GET", &url, headers, "")).0, 401, "{path} {headers:?}");
        }
    }
    assert_eq!(client.get("/scim/v2/Users").status, 404, "no tenant");
}

#[test]
fn the_endpoint_describes_itself() {
    let sim = IdcSim::builder().start();
    let idp = Scim::new(&sim);
    let config = idp.get("ServiceProviderConfig").json();
    assert_eq!(config["filter"], json!({ "supported": true, "maxResults": 50 }), "and a page has a hundred");
    assert_eq!((&config["patch"]["supported"], &config["bulk"]["supported"]), (&json!(true), &json!(false)));
    assert_eq!(idp.get("ResourceTypes").json()["totalResults"], 2);
    let schemas = idp.get("Schemas").json();
    for schema in schemas["Resources"].as_array().expect("schemas") {
        let id = schema["id"].as_str().expect("an id");
        assert_eq!(idp.get(&format!("Schemas/{id}")).json(), *schema);
    }
    assert_eq!(idp.get("Schemas/urn:none").status, 404);
}

#[test]
fn at_awss_host_by_the_proxy_and_at_no_other() {
    let sim = IdcSim::builder().start();
    let endpoint = sim.scim_endpoint_by_proxy();
    let tenant = endpoint.split('/').nth(3).expect("a tenant").to_owned();
    assert_eq!(endpoint, format!("https://scim.eu-central-1.amazonaws.com/{tenant}/scim/v2/"));
    let client = Client::by_proxy(&sim, &endpoint);
    let idp = Scim { client, base: endpoint, token: sim.issue_scim_token() };
    idp.create("Users", &user("bob"));
    let elsewhere = Client::by_proxy(&sim, "https://sts.eu-central-1.amazonaws.com");
    assert_eq!(elsewhere.get(&format!("/{tenant}/scim/v2/Users")).status, 421);
}

#[test]
fn too_many_requests_are_refused_until_the_bucket_has_filled_up() {
    let sim = IdcSim::builder().admin_throttle(Some(Throttle { per_second: 0.001, burst: 3 })).start();
    let idp = Scim::new(&sim);
    let statuses: Vec<u16> = (0..4).map(|_| idp.get("ServiceProviderConfig").status).collect();
    assert_eq!(statuses, [200, 200, 200, 429]);
    assert_eq!(detail(&idp.get("Users")).0, 429);
    sim.advance(Duration::from_secs(1001));
    assert_eq!(idp.get("ServiceProviderConfig").status, 200);
    assert_eq!(sim.count(Route::ScimServiceProviderConfig), 5);
}
