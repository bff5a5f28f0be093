//! Hashes as a real v1.36 cluster computed them, for templates as it defaulted them.

use super::{Sink, dump, safe_encode, template};
use crate::api::{Value, json};

impl Sink for String {
    fn text(&mut self, text: &str) {
        self.push_str(text);
    }
}

fn tree(text: &str) -> Value {
    json::parse(text).expect("JSON")
}

/// A template with one container, with the defaults of the API server.
fn pod(labels: &str, container: &str) -> Value {
    tree(&format!(
        r#"{{"metadata":{{"labels":{labels}}},"spec":{{"containers":[{{{container},
        "terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File"}}],
        "dnsPolicy":"ClusterFirst","restartPolicy":"Always","schedulerName":"default-scheduler",
        "securityContext":{{}},"terminationGracePeriodSeconds":30}}}}"#
    ))
}

#[test]
fn a_template_has_the_hash_of_a_real_cluster() {
    let web = r#""image":"harbor.wego.red/library/nginx:1.9.0","imagePullPolicy":"IfNotPresent","name":"nginx",
        "ports":[{"containerPort":80,"protocol":"TCP"}],"resources":{},
        "readinessProbe":{"failureThreshold":3,"httpGet":{"path":"/","port":80,"scheme":"HTTP"},
        "periodSeconds":2,"successThreshold":1,"timeoutSeconds":1}"#;
    let recorded = include_str!("../../../tests/golden/23-deployment.json");
    let hash = template(&pod(r#"{"app":"web"}"#, web), 0);
    assert!(recorded.contains(&format!("web-{hash} ")), "{hash}");
    assert_ne!(hash, template(&pod(r#"{"app":"web"}"#, web), 1));
}

#[test]
fn fields_are_dumped_in_order_of_declaration_with_types() {
    let container = r#""image":"i","name":"c","resources":{"limits":{"cpu":"500m","memory":"64Mi"}},
        "livenessProbe":{"httpGet":{"path":"/","port":"web"},"periodSeconds":10}"#;
    let mut out = String::new();
    dump::template(&pod("{}", container), &mut out);
    let head = "(v1.PodTemplateSpec){ObjectMeta:(v1.ObjectMeta){Name:(string) GenerateName:(string) ";
    assert!(out.starts_with(head), "{out}");
    for part in [
        "Labels:(map[string]string)<nil>",
        "Limits:(v1.ResourceList)map[cpu:{i:(resource.int64Amount){value:(int64)500 scale:(resource.Scale)-3} \
         d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>} s:(string)500m Format:(resource.Format)DecimalSI} \
         memory:{i:(resource.int64Amount){value:(int64)67108864 scale:(resource.Scale)0} \
         d:(resource.infDecAmount){Dec:(*inf.Dec)<nil>} s:(string) Format:(resource.Format)BinarySI}]",
        "LivenessProbe:(*v1.Probe){ProbeHandler:(v1.ProbeHandler){Exec:(*v1.ExecAction)<nil> \
         HTTPGet:(*v1.HTTPGetAction){Path:(string)/ Port:(intstr.IntOrString){Type:(intstr.Type)1 \
         IntVal:(int32)0 StrVal:(string)web} Host:(string) Scheme:(v1.URIScheme) \
         HTTPHeaders:([]v1.HTTPHeader)<nil>}",
        "RestartPolicy:(v1.RestartPolicy)Always TerminationGracePeriodSeconds:(*int64)30",
    ] {
        assert!(out.contains(part), "{part}\nnot in\n{out}");
    }
}

#[test]
fn digits_become_letters_that_spell_no_words() {
    assert_eq!(safe_encode("0123456789"), "456789bcdf");
}
