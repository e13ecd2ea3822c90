# Runs one throwaway PostgreSQL cluster for as long as standard input stays open.
#
#   sh -c "$(cat cluster.sh)" cluster BIN DIR SETTINGS
#
# Whoever started us may be killed without a chance to tidy up. The closing of the
# pipe reaches us all the same, so that neither a server nor a folder is left behind.
set -eu
bin=$1 dir=$2 settings=$3

finish() {
	"$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null 2>&1 || true
	rm -rf "$dir"
}
trap finish EXIT
# Ctrl-C is meant for the tests; the pipe tells us when they are over.
trap '' INT HUP TERM

explain() {
	cat "$dir/log" >&2
	exit 1
}
"$bin/initdb" -D "$dir/data" -U vestibule -A trust -E UTF8 --locale=C --no-sync >"$dir/log" 2>&1 || explain
printf '%s\n' "$settings" >>"$dir/data/postgresql.conf"
"$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 60 start >/dev/null 2>&1 || explain

head -n 1 "$dir/data/postmaster.pid"
read -r _ || true
