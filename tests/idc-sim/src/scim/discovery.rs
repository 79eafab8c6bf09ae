//! What the endpoint says of itself: written down from the guide, but for the schema of users, which is the table.

use serde_json::{Value, json};

use crate::directory::schema::{self, Attribute, ENTERPRISE, Kind};

use super::resource::{GROUP_SCHEMA, USER_SCHEMA};

const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

pub(super) fn service_provider_config() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "documentationUri": "https://docs.aws.amazon.com/singlesignon/latest/userguide/manage-your-identity-source-idp.html",
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "Authentication scheme using the OAuth Bearer Token Standard",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "documentationUri": "https://docs.aws.amazon.com/singlesignon/latest/userguide/provision-automatically.html",
            "primary": true,
        }],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 1, "maxPayloadSize": 1_048_576 },
        // Wrong, as AWS's is: a page has up to 100.
        "filter": { "supported": true, "maxResults": 50 },
        "changePassword": { "supported": false },
        "sort": { "supported": false },
        "etag": { "supported": false },
    })
}

pub(super) fn resource_types() -> Value {
    let of = |name: &str, endpoint: &str, schema: &str| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": name,
            "name": name,
            "description": name,
            "endpoint": endpoint,
            "schema": schema,
            "meta": { "resourceType": "ResourceType" },
        })
    };
    let mut user = of("User", "/Users", USER_SCHEMA);
    user["schemaExtensions"] = json!([{ "schema": ENTERPRISE, "required": false }]);
    listed(&[user, of("Group", "/Groups", GROUP_SCHEMA)])
}

pub(super) fn schemas() -> Value {
    listed(&[USER_SCHEMA, GROUP_SCHEMA, ENTERPRISE].map(|id| schema(id).unwrap_or_default()))
}

fn listed(resources: &[Value]) -> Value {
    let count = resources.len();
    json!({
        "schemas": [LIST], "totalResults": count, "itemsPerPage": count, "startIndex": 1, "Resources": resources,
    })
}

pub(super) fn schema(id: &str) -> Option<Value> {
    let (name, attributes) = match id {
        USER_SCHEMA => ("User", user_attributes()),
        GROUP_SCHEMA => ("Group", group_attributes()),
        ENTERPRISE => ("EnterpriseUser", enterprise_attributes()),
        _ => return None,
    };
    Some(json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": id,
        "name": name,
        "description": name,
        "attributes": attributes,
        "meta": { "resourceType": "Schema" },
    }))
}

fn text(name: &str, required: bool, uniqueness: &str) -> Value {
    json!({
        "name": name, "type": "string", "multiValued": false, "description": name, "required": required,
        "caseExact": false, "mutability": "readWrite", "returned": "default", "uniqueness": uniqueness,
    })
}

fn user_attributes() -> Vec<Value> {
    let mut active = text("active", false, "none");
    active["type"] = "boolean".into();
    let own = schema::USER.iter().filter(|attribute| attribute.name != ENTERPRISE);
    [text("userName", true, "server"), active].into_iter().chain(own.map(described)).collect()
}

fn enterprise_attributes() -> Vec<Value> {
    let enterprise = schema::USER.iter().find(|attribute| attribute.name == ENTERPRISE);
    match enterprise.map(|attribute| attribute.kind) {
        Some(Kind::Structure(members)) => members.iter().map(described).collect(),
        _ => Vec::new(),
    }
}

fn described(attribute: &Attribute) -> Value {
    let required = ["displayName", "name", "givenName", "familyName"].contains(&attribute.name);
    let mut described = text(attribute.name, required, "none");
    match attribute.kind {
        Kind::Text => {}
        Kind::Flag => described["type"] = "boolean".into(),
        Kind::Structure(members) | Kind::List(_, members) => {
            described["type"] = "complex".into();
            described["multiValued"] = matches!(attribute.kind, Kind::List(..)).into();
            described["subAttributes"] = members.iter().map(self::described).collect();
        }
    }
    described
}

fn group_attributes() -> Vec<Value> {
    let mut members = text("members", false, "none");
    members["type"] = "complex".into();
    members["multiValued"] = true.into();
    // Written, and never shown.
    members["returned"] = "request".into();
    let mut reference = text("$ref", false, "none");
    reference["type"] = "reference".into();
    reference["referenceTypes"] = json!(["User"]);
    members["subAttributes"] = json!([text("value", false, "none"), reference, text("type", false, "none")]);
    vec![text("displayName", true, "server"), members]
}
