//! `kubectl certificate approve` and `deny`: a condition of the request. Nothing signs what is approved.

use super::common::live;
use crate::api::request::Verb as Method;
use crate::api::{Kind, Object, Request, Value};
use crate::kubectl::cx::{Cx, OK, Outcome};
use crate::kubectl::fail::{Fail, Res};
use crate::kubectl::files;
use crate::kubectl::flags::{Args, Flag, switch};
use crate::kubectl::print::{self, Dry};
use crate::time::{Epoch, Time};

/// Flags.
pub const FLAGS: &[Flag] = &[switch("force", ' ')];

/// Runs both.
pub fn run(cx: &mut Cx, args: &Args) -> Outcome {
    if args.rest.is_empty() && !files::given(args) {
        return Err("one or more CSRs must be specified as <name> or -f <filename>".into());
    }
    let approve = cx.base.path.ends_with("approve");
    let format = print::format(cx, args, print::MADE)?;
    let words: Vec<String> = args.rest.iter().map(|n| format!("csr/{n}")).collect();
    let found = live(cx, args, &words)?;
    let mut fails = found.fails;
    for object in found.objects {
        match settle(cx, &object, approve, args.is("force")) {
            Ok(object) => {
                print::result(cx, &object, &format, if approve { "approved" } else { "denied" }, Dry::No)?;
            }
            Err(fail) => fails.push(fail),
        }
    }
    Fail::join(fails)?;
    OK
}

fn settle(cx: &mut Cx, object: &Object, approve: bool, force: bool) -> Res<Object> {
    if object.kind != Kind::CSR {
        return Err(Fail::Plain(format!("cannot approve or deny a {}", object.kind.info().kind)));
    }
    let (kind, other, word) =
        if approve { ("Approved", "Denied", "approved") } else { ("Denied", "Approved", "denied") };
    let conditions = object.at("status.conditions");
    if conditions.find("type", other).is_some() {
        return Err(Fail::Plain(format!(
            "certificate signing request {:?} is already {}",
            object.name(),
            other.to_lowercase()
        )));
    }
    if conditions.find("type", kind).is_some() && !force {
        return Ok(object.clone());
    }
    let stamp = Epoch(cx.now()).rfc3339(Time::ZERO);
    let verb = if approve { "approve" } else { "deny" };
    let mut all = conditions.items().to_vec();
    all.push(crate::map! {
        "type" => kind, "status" => "True", "reason" => if approve { "KubectlApprove" } else { "KubectlDeny" },
        "message" => format!("This CSR was {word} by kubectl certificate {verb}."), "lastUpdateTime" => stamp,
    });
    let mut value = object.value.clone();
    value.slot("status").map_mut().insert("conditions", Value::from(all));
    let request =
        Request::new(Method::Update, Kind::CSR, None, object.name()).body(value).subresource("status");
    cx.object(request)
}
