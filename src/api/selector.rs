//! Label selectors of the API: `matchLabels`, `matchExpressions`, and the plain maps of Services.

use crate::api::Value;

/// Whether a `LabelSelector` matches labels. An absent selector matches nothing, an empty one everything.
pub fn matches(selector: &Value, labels: &Value) -> bool {
    selector.is_some()
        && subset(&selector["matchLabels"], labels)
        && selector["matchExpressions"].items().iter().all(|e| requirement(e, labels))
}

/// Whether labels hold every entry of a plain map of labels.
pub fn subset(wanted: &Value, labels: &Value) -> bool {
    wanted.entries().all(|(k, v)| labels.get(k) == v)
}

/// Whether labels meet one requirement `{key, operator, values}`; with the operators of node selectors, too.
pub fn requirement(requirement: &Value, labels: &Value) -> bool {
    let actual = labels.get(requirement["key"].str()).as_str();
    let among = || requirement["values"].items().iter().any(|v| v.as_str() == actual);
    let bound = || requirement["values"][0].str().parse::<i64>().ok();
    let number = || actual.and_then(|a| a.parse::<i64>().ok());
    match requirement["operator"].str() {
        "In" => actual.is_some() && among(),
        "NotIn" => actual.is_none() || !among(),
        "Exists" => actual.is_some(),
        "DoesNotExist" => actual.is_none(),
        "Gt" => number().zip(bound()).is_some_and(|(n, b)| n > b),
        "Lt" => number().zip(bound()).is_some_and(|(n, b)| n < b),
        _ => false,
    }
}

/// A label selector as the messages of controllers show it, which write the Go type out.
pub fn go_string(selector: &Value) -> String {
    if selector.is_null() {
        return "nil".to_string();
    }
    let pairs: String =
        selector["matchLabels"].entries().map(|(k, v)| format!("{k}: {},", v.str())).collect();
    let expressions = selector["matchExpressions"].items().iter().map(|e| {
        let values: Vec<&str> = e["values"].items().iter().map(Value::str).collect();
        let (key, operator, values) = (e["key"].str(), e["operator"].str(), values.join(" "));
        format!("LabelSelectorRequirement{{Key:{key},Operator:{operator},Values:[{values}],}},")
    });
    let expressions: String = expressions.collect();
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{pairs}}},MatchExpressions:[]LabelSelectorRequirement{{\
         {expressions}}},}}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{list, map};

    #[test]
    fn selectors_match_as_the_api_documents() {
        let labels = map! { "app" => "web", "n" => "5" };
        let expression = |key: &str, operator: &str, values: Value| {
            map! { "matchExpressions" => list![map! { "key" => key, "operator" => operator, "values" => values }] }
        };
        for (selector, expected) in [
            (Value::Null, false),
            (map! {}, true),
            (map! { "matchLabels" => map! { "app" => "web" } }, true),
            (map! { "matchLabels" => map! { "app" => "db" } }, false),
            (expression("app", "In", list!["db", "web"]), true),
            (expression("app", "NotIn", list!["db"]), true),
            (expression("tier", "NotIn", list!["db"]), true),
            (expression("tier", "In", list!["db"]), false),
            (expression("app", "Exists", Value::Null), true),
            (expression("app", "DoesNotExist", Value::Null), false),
            (expression("n", "Gt", list!["4"]), true),
            (expression("n", "Lt", list!["4"]), false),
        ] {
            assert_eq!(matches(&selector, &labels), expected, "{selector:?}");
        }
    }
}
