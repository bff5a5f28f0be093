//! The `eviction` subresource of pods: a deletion that a PodDisruptionBudget may refuse.
//!
//! What upstream's registry/core/pod/storage/eviction.go does: pods that have ended, wait or go anyway need
//! no leave; others take one disruption from the one budget that covers them. Who is evicted carries the
//! condition `DisruptionTarget`. A dry run asks the same questions and changes nothing.

use super::{ApiServer, DeleteOptions};
use crate::api::object::Key;
use crate::api::status::{CauseOf, Result};
use crate::api::{Kind, Object, Request, Response, Status, Text, Value, labels};
use crate::map;

const VIOLATES: &str = "Cannot evict pod as it would violate the pod's disruption budget.";
const SEVERAL: &str =
    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";

impl ApiServer {
    /// Evicts a pod, if its budget lets it go.
    pub(super) fn evict_request(&mut self, request: &Request) -> Result<Response> {
        let pod = self.read(request)?;
        let budget = self.budget_to_ask(&pod)?;
        let options = &request.body["deleteOptions"];
        if !request.options.dry_run && options["dryRun"].is_empty() {
            if let Some(budget) = budget {
                self.take_disruption(&budget, &pod)?;
            }
            self.mark_evicted(&pod)?;
            let grace = options["gracePeriodSeconds"].as_int();
            let options = DeleteOptions { grace_period_seconds: grace, ..Self::delete_options(request) };
            self.delete(&pod.key(), &options)?;
        }
        Ok(Response::Success(map! {
            "kind" => "Status", "apiVersion" => "v1", "metadata" => Value::map(), "status" => "Success",
            "code" => 201,
        }))
    }

    /// The budget that one disruption is to be taken from; `None` if the pod needs no leave.
    fn budget_to_ask(&self, pod: &Object) -> Result<Option<Key>> {
        if matches!(pod.at("status.phase").str(), "Succeeded" | "Failed" | "Pending") || pod.is_deleting() {
            return Ok(None);
        }
        let covers = |b: &&Object| {
            labels::Selector::of_object(b.at("spec.selector")).matches(pod.at("metadata.labels"))
        };
        let budgets: Vec<&Object> = self.list(Kind::PDB, Some(pod.namespace())).filter(covers).collect();
        let budget = match budgets[..] {
            [] => return Ok(None),
            [budget] => budget,
            _ => return Err(Status::new(500, "InternalError", SEVERAL)),
        };
        let (healthy, desired) =
            (budget.at("status.currentHealthy").int_or(0), budget.at("status.desiredHealthy").int_or(0));
        // A pod that is not ready does not count as healthy: it costs nothing where enough others are.
        if pod.condition("Ready")["status"].str() != "True" {
            let always = budget.at("spec.unhealthyPodEvictionPolicy").str() == "AlwaysAllow";
            if always || (healthy >= desired && desired > 0) {
                return Ok(None);
            }
        }
        let unseen =
            budget.at("status.observedGeneration").int_or(0) < budget.at("metadata.generation").int_or(0);
        if unseen {
            return Err(refusal(format!(
                "The disruption budget {} is still being processed by the server.",
                budget.name()
            )));
        }
        if budget.at("status.disruptionsAllowed").int_or(0) <= 0 {
            return Err(refusal(format!(
                "The disruption budget {} needs {desired} healthy pods and has {healthy} currently",
                budget.name()
            )));
        }
        Ok(Some(budget.key()))
    }

    fn take_disruption(&mut self, budget: &Key, pod: &Object) -> Result<()> {
        let (stamp, name) = (self.timestamp(), pod.at("metadata.name").text());
        self.modify(budget, |b| {
            let left = b.at("status.disruptionsAllowed").int_or(1) - 1;
            b.set("status.disruptionsAllowed", left);
            b.slot("status.disruptedPods").map_mut().insert(name, stamp);
        })?;
        Ok(())
    }

    fn mark_evicted(&mut self, pod: &Object) -> Result<()> {
        let target = map! {
            "type" => "DisruptionTarget", "status" => "True", "reason" => "EvictionByEvictionAPI",
            "message" => "Eviction API: evicting", "lastProbeTime" => Value::Null,
        };
        let mut status = pod["status"].clone();
        self.set_condition(status.slot("conditions"), target);
        self.update_status(&pod.key(), status)?;
        Ok(())
    }
}

fn refusal(cause: String) -> Status {
    let mut status = Status::new(429, "TooManyRequests", VIOLATES);
    status.causes.push(CauseOf {
        reason: Text::lit("DisruptionBudget"),
        message: Text::from(cause),
        field: Text::default(),
    });
    status
}
