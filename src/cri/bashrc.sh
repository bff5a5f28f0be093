# ~/.bashrc: what every interactive shell begins with.
alias ll='ls -l'
alias la='ls -A'

# Says what does the work of a program that is not here.
command_not_found_handle() {
  local use
  case $1 in
  jq | yq) use="kubectl -o jsonpath=..., -o custom-columns=... and -o go-template=... read objects" ;;
  docker | podman | nerdctl | ctr) use="containers are on the nodes: ssh worker01 crictl ps" ;;
  kubeadm | minikube | kind | k3s | k3d | microk8s) use="a cluster runs already; fault node worker04 add brings it a machine" ;;
  kubelet | containerd) use="it runs on every node: ssh worker01 systemctl status $1" ;;
  etcd | etcdctl) use="fault etcd slow 500ms slows its writes" ;;
  helm) use="kubectl apply -f FILE and kubectl apply -k DIRECTORY" ;;
  kustomize) use="kubectl kustomize" ;;
  kubectx | kubens) use="kubectl config use-context NAME, kubectl config set-context --current --namespace=NAME" ;;
  k9s | stern) use="kubectl get pods -w, kubectl logs -f -l KEY=VALUE" ;;
  iptables | ip6tables | ipvsadm | nft) use="kubectl get endpointslices shows where Services lead" ;;
  tcpdump | traceroute | mtr) use="why svc/NAME --dropped, curl -v and nc -zv HOST PORT" ;;
  dig | host) use="nslookup" ;;
  telnet) use="nc -zv HOST PORT" ;;
  htop) use="top" ;;
  man) use="kubectl explain TYPE, and --help" ;;
  emacs | code | gedit) use="vim FILE opens the editor" ;;
  tree) use="find" ;;
  reboot | shutdown | poweroff | halt) use="fault node NAME down cuts a machine's power" ;;
  git | make | go | python | python3 | node | npm | pip | openssl | tmux | screen | yum | dnf | snap | brew)
    use="nothing can be installed here" ;;
  kube[a-z]* | kubctl | kubctel | kbectl | kuebctl | kubctk) echo "bash: $1: command not found; did you mean kubectl?" >&2; return 127 ;;
  *) echo "bash: $1: command not found" >&2; return 127 ;;
  esac
  echo "not simulated: $1 ($use)" >&2
  return 127
}
