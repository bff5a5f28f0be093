// Beginnings of manifests.

const pod = (name, body) => `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\n  labels:\n    app: ${name}\nspec:\n${body}`;
const template = (name, image = 'nginx:1.14.2') => `  selector:\n    matchLabels:\n      app: ${name}\n  template:\n    metadata:\n      labels:\n        app: ${name}\n    spec:\n      containers:\n      - name: main\n        image: ${image}\n`;

/** Title and text of each. */
export const TEMPLATES = [
  ['Pod', pod('one', '  containers:\n  - name: main\n    image: nginx:1.14.2\n    ports:\n    - containerPort: 80\n')],
  ['Pod: probes', pod('probed', '  containers:\n  - name: main\n    image: nginx:1.14.2\n    ports:\n    - containerPort: 80\n    readinessProbe:\n      httpGet:\n        path: /\n        port: 80\n      periodSeconds: 5\n    livenessProbe:\n      httpGet:\n        path: /\n        port: 80\n      initialDelaySeconds: 5\n      periodSeconds: 10\n      failureThreshold: 3\n')],
  ['Pod: initContainers', pod('prepared', '  initContainers:\n  - name: prepare\n    image: busybox\n    command: ["sh", "-c", "sleep 5"]\n  containers:\n  - name: main\n    image: nginx:1.14.2\n')],
  ['Pod: resources', pod('limited', '  containers:\n  - name: main\n    image: nginx:1.14.2\n    resources:\n      requests:\n        cpu: 100m\n        memory: 64Mi\n      limits:\n        cpu: 500m\n        memory: 128Mi\n')],
  ['Pod: ConfigMap volume', `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: pages\ndata:\n  index.html: |\n    hello\n---\n${pod('reader', '  containers:\n  - name: main\n    image: nginx:1.14.2\n    volumeMounts:\n    - name: pages\n      mountPath: /usr/share/nginx/html\n  volumes:\n  - name: pages\n    configMap:\n      name: pages\n')}`],
  ['Deployment', `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: front\nspec:\n  replicas: 3\n${template('front')}`],
  ['Deployment + Service', `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: shop\nspec:\n  replicas: 2\n${template('shop')}---\napiVersion: v1\nkind: Service\nmetadata:\n  name: shop\nspec:\n  selector:\n    app: shop\n  ports:\n  - port: 80\n    targetPort: 80\n`],
  ['Service', 'apiVersion: v1\nkind: Service\nmetadata:\n  name: front\nspec:\n  selector:\n    app: front\n  ports:\n  - port: 80\n    targetPort: 80\n'],
  ['Job', 'apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: once\nspec:\n  backoffLimit: 2\n  template:\n    spec:\n      restartPolicy: Never\n      containers:\n      - name: main\n        image: busybox\n        command: ["sh", "-c", "echo done"]\n'],
  ['CronJob', 'apiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: each-minute\nspec:\n  schedule: "* * * * *"\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          restartPolicy: Never\n          containers:\n          - name: main\n            image: busybox\n            command: ["date"]\n'],
  ['DaemonSet', `apiVersion: apps/v1\nkind: DaemonSet\nmetadata:\n  name: agent\nspec:\n${template('agent')}`],
  ['StatefulSet', `apiVersion: v1\nkind: Service\nmetadata:\n  name: db\nspec:\n  clusterIP: None\n  selector:\n    app: db\n  ports:\n  - port: 80\n---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: db\nspec:\n  serviceName: db\n  replicas: 3\n${template('db')}`],
];
