package docker_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// fakeMySQL answers as the client in batch mode does. While a statement has a character of four
// bytes, information_schema.processlist fails, which ends the client (error 3854).
const fakeMySQL = `#!/bin/bash
while IFS= read -r statement; do
	case $statement in
	*information_schema.processlist*) [ "$FOUR_BYTES" = no ] || exit 1; echo 1 ;;
	"SHOW PROCESSLIST"*)
		printf '5\tevent_scheduler\tlocalhost\tNULL\tDaemon\t2\tWaiting on empty queue\tNULL\n'
		printf '7\tcore\t198.18.0.21:40000\toalab\tQuery\t0\tupdate\tINSERT INTO a VALUES (?)\n'
		printf '8\trepl\t198.18.0.62:40000\tNULL\tBinlog Dump GTID\t9\tSource has sent all binlog to replica\tNULL\n'
		printf '9\trepl\t198.18.0.62:40001\tNULL\tBinlog Dump GTID\t9\tWaiting to finalize termination\tNULL\n'
		case $statement in *"'no more'"*) [ "$CUT" = yes ] || echo 'no more' ;; esac
		[ "$CUT" = no ] || exit 1
		;;
	esac
done
`

// TestThreadsOfAMaster: the guard counts what fetches from its master, and finds what to end, also
// while a follower's name with a character of four bytes is written (REP-9).
func TestThreadsOfAMaster(t *testing.T) {
	const script = `. "$LIB/sql"
trap '' PIPE
fetchers || answer=failed; echo "$answer"
fetchers || answer=failed; echo "$answer"
dumpers 'KILL QUERY' || answer=failed; echo "$answer"
group=core
eval "$(sed -n '/^writers() {/,/^}/p' "$LIB/notify")"
(echo 1; echo 'uuid:1-5'; echo "SHOW PROCESSLIST; SELECT 'no more';" | mysql) | writers || echo failed
`
	for _, tt := range []struct {
		name, fourBytes, cut, want string
	}{
		{"plain statements", "no", "no", "1\n1\nKILL QUERY 8; KILL QUERY 9; \n1\t1\nuuid:1-5\n"},
		{"a character of four bytes", "yes", "no", "1\n1\nKILL QUERY 8; KILL QUERY 9; \n1\t1\nuuid:1-5\n"},
		{"an answer that is cut short", "yes", "yes", "failed\nfailed\nfailed\nfailed\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "mysql"), []byte(fakeMySQL), 0o700); err != nil {
				t.Fatal(err)
			}
			lib, err := filepath.Abs("mysql/files/usr/local/lib/db")
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), "bash", "-c", script)
			cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "LIB="+lib, "FOUR_BYTES="+tt.fourBytes, "CUT="+tt.cut)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if diff := gocmp.Diff(tt.want, string(out)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}
