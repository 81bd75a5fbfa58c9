#!/bin/sh
# compose.sh up|down: the system of compose.yaml; make up and make down call it.
set -eu
cd "$(dirname "$0")/.."
images=bin/images.env
project=oalab
limit=180 # seconds until it must be ready

if docker compose version >/dev/null 2>&1; then
	compose="docker compose"
elif command -v docker-compose >/dev/null 2>&1; then
	compose=docker-compose
else
	echo "compose.sh: neither 'docker compose' nor docker-compose is here; on Debian: apt-get install docker-compose" >&2
	exit 1
fi
if [ ! -f $images ]; then mkdir -p bin && : >$images; fi
compose="$compose --env-file $images --project-name $project --file docker/compose.yaml"

up() {
	bin/oalab images --env >$images.new
	mv $images.new $images
	$compose up --detach
	# All but the seed, which ends.
	want=$(($($compose config --services | wc -l) - 1))
	echo "waiting until $want containers are healthy"
	left=$limit
	until [ "$(docker ps --quiet --filter label=com.docker.compose.project=$project --filter health=healthy | wc -l)" -ge "$want" ]; do
		left=$((left - 1))
		if [ $left = 0 ]; then
			docker ps --all --filter label=com.docker.compose.project=$project >&2
			echo "compose.sh: not ready after $limit s; see '$compose logs'; make down removes it" >&2
			exit 1
		fi
		sleep 1
	done
	cat <<T

ready:
  virtual address       http://198.18.250.100   (from this machine, when it runs Linux)
  load balancers        http://127.0.0.1:18080  http://127.0.0.1:18081
  platform, control     http://127.0.0.1:18082  its APIs http://127.0.0.1:18083
  carrier, control      http://127.0.0.1:18084
  Prometheus            http://127.0.0.1:19090
  MySQL 127.0.0.1:13306  RabbitMQ 127.0.0.1:15672  Redis 127.0.0.1:16379

a follower logs in, in a browser:
  http://127.0.0.1:18080/oauth/demo/login?scope=userinfo&return=/api/v1/login/demo/me
a follower says something:
  curl -d '{"openid":"oDemoFollower000000000000001","content":"CXHF"}' http://127.0.0.1:18082/control/push
make down removes all of it
T
}

case ${1:-} in
up) up ;;
down) $compose down --volumes --remove-orphans --timeout 5 ;;
*)
	echo "usage: compose.sh up|down" >&2
	exit 1
	;;
esac
