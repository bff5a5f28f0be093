// Keys of objects (`pods/default/web`, `nodes/worker01`) and what kubectl calls them.

const SHORT = { pods: 'pod', nodes: 'node', services: 'service', deployments: 'deployment', replicasets: 'replicaset', jobs: 'job', daemonsets: 'daemonset', statefulsets: 'statefulset', configmaps: 'configmap', secrets: 'secret' };

/** A key in its parts. */
export function parts(key) {
  const [plural, ...rest] = key.split('/');
  const kind = SHORT[plural] ?? plural;
  return rest.length === 2 ? { plural, kind, namespace: rest[0], name: rest[1] } : { plural, kind, namespace: '', name: rest[0] ?? '' };
}
