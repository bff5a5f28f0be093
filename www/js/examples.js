// The examples: a manifest each, and commands worth trying with it, in order.

import { t } from './i18n.js';
import web from '../examples/web.yaml';
import neighbours from '../examples/neighbours.yaml';
import crash from '../examples/crash.yaml';
import liveness from '../examples/liveness.yaml';
import readiness from '../examples/readiness.yaml';
import memory from '../examples/memory.yaml';
import pull from '../examples/pull.yaml';
import init from '../examples/init.yaml';
import space from '../examples/space.yaml';
import nowhere from '../examples/nowhere.yaml';
import goodbye from '../examples/goodbye.yaml';
import rollout from '../examples/rollout.yaml';
import dropped from '../examples/dropped.yaml';
import spared from '../examples/spared.yaml';
import friends from '../examples/friends.yaml';

/** All examples; `id` is also the file's name and the key of its texts. */
export const EXAMPLES = [
  { id: 'web', text: web, commands: ['kubectl apply -f web.yaml', 'kubectl get pods -o wide', 'kubectl describe pod web', 'kubectl exec -it web -- bash', 'kubectl delete pod web'] },
  { id: 'neighbours', text: neighbours, commands: ['kubectl apply -f neighbours.yaml', 'kubectl get pods', 'kubectl exec neighbours -c writer -- wget -qO- localhost', 'kubectl exec neighbours -c server -- ls /usr/share/nginx/html', 'kubectl describe pod neighbours'] },
  { id: 'crash', text: crash, commands: ['kubectl apply -f crash.yaml', 'kubectl get pods -w', 'kubectl logs crash --previous', 'kubectl describe pod crash'] },
  { id: 'pull', text: pull, commands: ['kubectl apply -f pull.yaml', 'kubectl get pods', 'kubectl describe pod typo', 'kubectl set image pod/typo nginx=nginx:1.14.2', 'kubectl get pods'] },
  { id: 'space', text: space, commands: ['kubectl apply -f space.yaml'] },
  { id: 'init', text: init, commands: ['kubectl apply -f init.yaml', 'kubectl get pods -w', 'kubectl logs steps -c second', 'kubectl describe pod steps'] },
  { id: 'liveness', text: liveness, commands: ['kubectl apply -f liveness.yaml', 'kubectl get pods -w', 'kubectl describe pod heart'] },
  { id: 'readiness', text: readiness, commands: ['kubectl apply -f readiness.yaml', 'kubectl get pods,endpointslices', 'kubectl exec shop -- touch /usr/share/nginx/html/ready', 'kubectl get pods,endpointslices', 'kubectl exec shop -- rm /usr/share/nginx/html/ready'] },
  { id: 'memory', text: memory, commands: ['kubectl apply -f memory.yaml', 'kubectl get pods -w', 'kubectl describe pod hungry'] },
  { id: 'nowhere', text: nowhere, commands: ['kubectl apply -f nowhere.yaml', 'kubectl describe pod picky', 'kubectl label node worker02 disk=ssd', 'kubectl get pods -o wide'] },
  { id: 'goodbye', text: goodbye, commands: ['kubectl apply -f goodbye.yaml', 'kubectl exec polite -- cat /tmp/started', 'kubectl delete pod polite'] },
  { id: 'rollout', text: rollout, commands: ['kubectl apply -f rollout.yaml', 'kubectl get deploy,rs,pods', 'kubectl set image deploy/front nginx=nginx:latest', 'kubectl rollout status deploy/front', 'kubectl delete pod -l app=front'] },
  { id: 'dropped', text: dropped, commands: ['kubectl apply -f dropped.yaml', 'kubectl rollout status deploy/till', 'traffic start till --rate 20', 'kubectl set image deploy/till nginx=nginx:latest', 'traffic', 'why svc/till --dropped'] },
  { id: 'spared', text: spared, commands: ['kubectl apply -f spared.yaml', 'kubectl rollout status deploy/till', 'traffic start till --rate 20', 'kubectl set image deploy/till nginx=nginx:latest', 'traffic', 'why svc/till --dropped'] },
  { id: 'friends', text: friends, commands: ['kubectl apply -f friends.yaml', 'kubectl exec friend -- wget -qO- -T 2 shop', 'kubectl exec stranger -- wget -qO- -T 2 shop', 'kubectl label pod stranger role=friend', 'kubectl exec stranger -- wget -qO- -T 2 shop', 'kubectl describe networkpolicy friends-only'] },
];

/** The scenario of an example: nothing but its file, with a note in the visitor's language. */
export const scenarioOf = (example) => ({ podlab: 1, title: '', files: { [`${example.id}.yaml`]: `# ${t(`example.${example.id}.note`)}\n${example.text}` } });
