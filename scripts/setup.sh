#!/bin/sh
# Prepares a machine for `npm start`, `npm test` or `npm run bench`: Node packages, Debian packages that are missing, the dashboard.
# POSIX sh, because it runs before anything is installed. Does nothing, fast, when all is there.
# Asks before it installs Debian packages if there is a terminal to ask on; starts no service and stops none.
set -eu
cd "$(dirname "$0")/.."

purpose=${1:-}
case $purpose in
  start | test | bench) ;;
  *) echo "usage: sh scripts/setup.sh start|test|bench" >&2; exit 64 ;;
esac

log=
policy=/usr/sbin/policy-rc.d
kept_policy=$policy.before-holdfast

say() { printf '%s\n' "$*"; }
fail() { printf '\n%s\n' "$*" >&2; exit 1; }
has() { command -v "$1" > /dev/null 2>&1; }

finish() {
  restore_policy
  if [ -n "$log" ]; then rm -f "$log"; fi
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# run_quietly WHAT COMMAND…: shows the output only if the command fails.
run_quietly() {
  what=$1
  shift
  [ -n "$log" ] || log=$(mktemp)
  if ! "$@" > "$log" 2>&1 < /dev/null; then
    tail -n 30 "$log" >&2
    fail "$what failed: see above."
  fi
}

# ---- Node packages -------------------------------------------------------------------------------------------------

# The stamp holds the checksum of the lockfile that node_modules was made from.
install_node_packages() {
  stamp=node_modules/.holdfast-setup
  wanted=$(cksum < package-lock.json)
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then return; fi
  has npm || fail "npm was not found. Install Node 20 or newer with npm (Debian: apt-get install npm), then run this again."
  say "Installing the Node packages (npm ci)…"
  # npm replaces node_modules: it must not run on the Node that lies in there.
  with_ours=$PATH
  PATH=$(printf '%s' "$PATH" | tr ':' '\n' | grep -v '/node_modules/\.bin/*$' | tr '\n' ':')
  PATH=${PATH%:}
  run_quietly "npm ci" npm ci --no-progress --loglevel=error
  PATH=$with_ours
  printf '%s\n' "$wanted" > "$stamp"
}

check_node() {
  PATH=$PWD/node_modules/.bin:$PATH
  export PATH
  version=$(node --version 2> /dev/null) || fail "The Node in node_modules does not start on this machine."
  major=${version#v}
  if [ "${major%%.*}" -lt 24 ]; then
    fail "Holdfast needs Node 24 and this is $version. For Linux on x86-64 and arm64 npm brings it along; on this machine ($(uname -sm)) install Node 24 or newer."
  fi
}

# ---- Debian packages -----------------------------------------------------------------------------------------------

# missing COMMAND PACKAGE…: adds the packages to $packages when there is no such command.
packages=
missing() {
  command=$1
  shift
  if ! has "$command"; then packages="$packages $*"; fi
}

# Only a static busybox runs in an image that holds nothing else.
missing_static_busybox() {
  if [ "$(dpkg-query -W -f '${db:Status-Status}' busybox-static 2> /dev/null)" != installed ]; then
    packages="$packages busybox-static"
  fi
}

# Debian keeps the server's programs off every PATH.
missing_postgres() {
  if ! ls /usr/lib/postgresql/*/bin/initdb > /dev/null 2>&1; then packages="$packages postgresql"; fi
}

missing_engine() {
  missing dockerd docker.io
  missing iptables iptables
  missing ip iproute2
}

find_missing() {
  # Debian keeps daemons where a user's PATH may not look.
  PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
  missing git git
  missing_static_busybox
  if [ "$purpose" = bench ]; then missing docker-compose docker-compose; fi
  if [ "$purpose" != start ]; then
    missing_engine
    missing mosquitto mosquitto
    missing_postgres
    missing docker-registry docker-registry
    missing chromium chromium
    missing openssl openssl
    missing ps procps
    missing ssh-keygen openssh-client
    missing sshd openssh-server
    missing nginx nginx-light
    missing gpg gnupg
    missing age age
    missing promtool prometheus
    missing prometheus-alertmanager prometheus-alertmanager
  elif ! node scripts/start/engine-answers.ts; then
    missing_engine
  fi
  packages=$(printf '%s' "${packages# }" | tr ' ' '\n' | sort -u | tr '\n' ' ')
  packages=${packages% }
}

on_debian() { [ -r /etc/debian_version ] && has apt-get && has dpkg-query; }

install_debian_packages() {
  if ! on_debian; then
    explain_other_system
    return
  fi
  find_missing
  [ -n "$packages" ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    fail "Missing: $packages
Install with: sudo apt-get install --no-install-recommends $packages
$(engine_advice)"
  fi
  if [ -t 0 ] && [ -t 1 ]; then
    printf 'Install Debian packages with apt-get: %s? [Y/n] ' "$packages"
    read -r answer || answer=n
    case $answer in
      '' | y | Y | yes) ;;
      *) fail "Nothing was installed. To go on, install them yourself: apt-get install --no-install-recommends $packages" ;;
    esac
  fi
  say "Installing Debian packages: $packages…"
  apt_install
}

engine_advice() {
  if [ "$purpose" = start ]; then
    case " $packages " in
      *" docker.io "*) say "If a Docker Engine runs already, name it instead: DOCKER_HOST=unix:///path/to/docker.sock npm start" ;;
    esac
  fi
}

# Elsewhere the same commands have to be there; who installs them is up to the user.
explain_other_system() {
  lacking=
  wanted="git"
  if [ "$purpose" != start ]; then wanted="git dockerd iptables ip mosquitto docker-registry openssl ps ssh-keygen sshd nginx gpg promtool prometheus-alertmanager"; fi
  if [ "$purpose" = bench ]; then wanted="$wanted docker-compose"; fi
  for command in $wanted; do
    PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
    has "$command" || lacking="$lacking $command"
  done
  [ -z "$lacking" ] || fail "This is not Debian, so nothing is installed for you. Missing commands:$lacking"
  if [ "$purpose" = start ] && ! node scripts/start/engine-answers.ts; then
    fail "No Docker Engine answers. Start Docker, or name one: DOCKER_HOST=unix:///path/to/docker.sock npm start"
  fi
}

apt_install() {
  # Packages must not start their services: the demo and the tests run daemons of their own, elsewhere.
  forbid_services
  if ! apt_cache_knows; then update_lists; fi
  # shellcheck disable=SC2086 # one word a package
  if ! apt_get install $packages > /dev/null 2>&1; then
    update_lists
    # shellcheck disable=SC2086
    run_quietly "apt-get install" apt_get install $packages
  fi
  restore_policy
}

apt_get() {
  DEBIAN_FRONTEND=noninteractive apt-get -y -q -o DPkg::Lock::Timeout=300 --no-install-recommends "$@" < /dev/null
}

update_lists() { run_quietly "apt-get update" apt_get update; }

apt_cache_knows() {
  for package in $packages; do
    apt-cache show --no-all-versions "$package" > /dev/null 2>&1 || return 1
  done
}

forbid_services() {
  restore_policy
  if [ -e "$policy" ]; then mv "$policy" "$kept_policy"; else : > "$kept_policy.none"; fi
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod 755 "$policy"
}

# Also mends what a killed run left behind.
restore_policy() {
  if [ -e "$kept_policy" ]; then
    mv "$kept_policy" "$policy"
  elif [ -e "$kept_policy.none" ]; then
    rm -f "$policy" "$kept_policy.none"
  fi
}

# ---- The dashboard -------------------------------------------------------------------------------------------------

build_dashboard() {
  built=hub/web/dist/index.html
  if [ -f "$built" ] && [ -z "$(find hub/web hub/api fleet package-lock.json -path hub/web/dist -prune -o -type f -newer "$built" -print | head -n 1)" ]; then
    return
  fi
  say "Building the dashboard…"
  run_quietly "npm run build:web" node node_modules/vite/bin/vite.js build hub/web --logLevel warn
}

install_node_packages
check_node
install_debian_packages
build_dashboard
