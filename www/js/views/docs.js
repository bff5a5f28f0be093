// The page of the Kubernetes documentation that states each rule.

export const DOCS = {
  'restart.policy': 'workloads/pods/pod-lifecycle/#container-restarts',
  'restart.back-off': 'workloads/pods/pod-lifecycle/#restart-policy',
  'image.back-off': 'containers/images/#imagepullbackoff',
  'probe.failure-threshold': 'configuration/liveness-readiness-startup-probes/',
  'lifecycle.post-start-failed': 'containers/container-lifecycle-hooks/',
  'pod.active-deadline': 'workloads/controllers/job/#job-termination-and-cleanup',
  'node.admission': 'scheduling-eviction/',
  'node.eviction': 'scheduling-eviction/node-pressure-eviction/',
  'restart.all-containers': 'workloads/pods/pod-lifecycle/',
  'controller.replicas': 'workloads/controllers/replicaset/',
  'deployment.rollout': 'workloads/controllers/deployment/',
  'deployment.progress-deadline': 'workloads/controllers/deployment/#failed-deployment',
  'service.endpoints': 'services-networking/endpoint-slices/',
  'namespace.delete': 'overview/working-with-objects/namespaces/',
  'daemonset.node': 'workloads/controllers/daemonset/',
  'job.sync': 'workloads/controllers/job/',
  'cronjob.schedule': 'workloads/controllers/cron-jobs/',
  'statefulset.sync': 'workloads/controllers/statefulset/',
  'node.health': 'architecture/nodes/#node-controller',
  'node.taint-eviction': 'scheduling-eviction/taint-and-toleration/',
  'pod.garbage-collection': 'workloads/pods/pod-lifecycle/#pod-garbage-collection',
  'volume.bind': 'storage/persistent-volumes/#binding',
  'hpa.scale': 'workloads/autoscaling/horizontal-pod-autoscale/',
  'garbage-collector.collect': 'architecture/garbage-collection/',
  'scheduler.bind': 'scheduling-eviction/kube-scheduler/',
  'scheduler.unschedulable': 'scheduling-eviction/kube-scheduler/',
  'scheduler.requeue': 'scheduling-eviction/scheduling-framework/',
  'scheduler.flush-unschedulable': 'scheduling-eviction/scheduling-framework/',
  'scheduler.preempt': 'scheduling-eviction/pod-priority-preemption/',
  'scheduler.wait-for-volumes': 'storage/storage-classes/#volume-binding-mode',
};

/** The address for a rule; undefined where there is none. */
export const docOf = (rule) => (rule in DOCS ? `https://kubernetes.io/docs/concepts/${DOCS[rule]}` : undefined);
