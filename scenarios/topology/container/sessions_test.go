package container

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/client"
	"github.com/shirou/gopsutil/v4/process"
	"github.com/testcontainers/testcontainers-go"
)

// fakeDaemon has containers and networks and removes them when it is asked to.
type fakeDaemon struct {
	mu         sync.Mutex
	containers []map[string]any
	networks   []map[string]any
	removed    []string
}

func (d *fakeDaemon) container(name string, labels map[string]string) {
	d.containers = append(d.containers, map[string]any{"Id": name, "Names": []string{"/" + name}, "Labels": labels})
}

func (d *fakeDaemon) network(id, name string, labels map[string]string, on ...string) {
	inside := map[string]any{}
	for _, c := range on {
		inside[c] = map[string]any{"Name": c}
	}
	d.networks = append(d.networks, map[string]any{"Id": id, "Name": name, "Labels": labels, "Containers": inside})
}

// having are the things with the labels that a list is asked for.
func having(t *testing.T, things []map[string]any, filters string) []map[string]any {
	t.Helper()
	asked := map[string]map[string]bool{}
	if err := json.Unmarshal([]byte(filters), &asked); err != nil {
		t.Errorf("filters %q: %v", filters, err)
	}
	out := []map[string]any{}
	for _, x := range things {
		all := true
		for label := range asked["label"] {
			name, value, exact := strings.Cut(label, "=")
			got, has := x["Labels"].(map[string]string)[name]
			all = all && has && (!exact || got == value)
		}
		if all {
			out = append(out, x)
		}
	}
	return out
}

func (d *fakeDaemon) serve(t *testing.T, w http.ResponseWriter, r *http.Request) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v"), "/")
	kind, id, _ := strings.Cut(path, "/")
	switch {
	case r.Method == http.MethodDelete:
		d.removed = append(d.removed, kind+"/"+id)
		w.WriteHeader(http.StatusNoContent)
	case path == "containers/json":
		_ = json.NewEncoder(w).Encode(having(t, d.containers, r.URL.Query().Get("filters")))
	case path == "networks":
		// As the daemon has it: a list does not say what is on a network.
		var bare []map[string]any
		for _, n := range having(t, d.networks, r.URL.Query().Get("filters")) {
			n = maps.Clone(n)
			delete(n, "Containers")
			bare = append(bare, n)
		}
		_ = json.NewEncoder(w).Encode(bare)
	case kind == "networks":
		for _, n := range d.networks {
			if n["Id"] == id {
				_ = json.NewEncoder(w).Encode(n)
			}
		}
	default: // a container is unfrozen before it is removed
		_, _ = io.WriteString(w, `{}`)
	}
}

// on is an engine that uses the daemon.
func (d *fakeDaemon) on(t *testing.T) *Engine {
	t.Helper()
	must(t, setUpTestcontainers())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { d.serve(t, w, r) }))
	t.Cleanup(server.Close)
	docker, err := client.New(client.WithHost("tcp://"+strings.TrimPrefix(server.URL, "http://")), client.WithAPIVersion("1.44"))
	must(t, err)
	t.Cleanup(func() { _ = docker.Close() })
	me, err := self()
	must(t, err)
	return &Engine{run: "r", docker: docker, owner: me}
}

// sessionLabels are those that Testcontainers gives, of a session.
func sessionLabels(session string, more ...string) map[string]string {
	labels := testcontainers.GenericLabels()
	labels[labelSession] = session
	for i := 0; i < len(more); i += 2 {
		labels[more[i]] = more[i+1]
	}
	return labels
}

// sessionBy is the session that a process owns.
func sessionBy(t *testing.T, pid int) string {
	t.Helper()
	p, err := process.NewProcess(int32(pid)) //nolint:gosec // process ids fit
	must(t, err)
	started, err := p.CreateTime()
	must(t, err)
	return sessionOf(p.Pid, started)
}

// deadPID is a process that never was, and deadSession one that it would own.
const deadPID = 1<<22 + 1 // above the largest process id of Linux

func deadSession() string { return sessionOf(deadPID, 1_700_000_000_123) }

func needEveryProcess(t *testing.T) {
	t.Helper()
	if me, err := self(); err != nil || me.namespace != everyProcess {
		t.Skipf("SKIPPED: from namespace %s not all processes are seen, so no session can be judged (%v)", me.namespace, err)
	}
}

// TestSessionOf: the session of this process is the one that Testcontainers labels with.
func TestSessionOf(t *testing.T) {
	must(t, setUpTestcontainers())
	if got, want := sessionBy(t, os.Getppid()), testcontainers.GenericLabels()[labelSession]; got != want && !nearBoot(t, os.Getppid(), want) {
		t.Errorf("the session of this process's parent is %s, Testcontainers says %s", got, want)
	}
}

// nearBoot reports whether a session is that of a process, if the time of the boot may be
// rounded.
func nearBoot(t *testing.T, pid int, session string) bool {
	t.Helper()
	p, err := process.NewProcess(int32(pid)) //nolint:gosec // process ids fit
	must(t, err)
	started, err := p.CreateTime()
	must(t, err)
	return session == sessionOf(p.Pid, started-1000) || session == sessionOf(p.Pid, started+1000)
}

func TestSessionOver(t *testing.T) {
	t.Parallel()
	needEveryProcess(t)
	me, err := self()
	must(t, err)
	early := func(seconds int64) string {
		p, err := process.NewProcess(int32(os.Getpid())) //nolint:gosec // process ids fit
		must(t, err)
		started, err := p.CreateTime()
		must(t, err)
		return sessionOf(p.Pid, started+1000*seconds)
	}
	elsewhere := me
	elsewhere.namespace = "pid:[4026532000]"
	random := sha256.Sum256([]byte("no process"))
	for name, tt := range map[string]struct {
		me      owner
		session string
		want    bool
	}{
		"of this process":                        {me, sessionBy(t, os.Getpid()), false},
		"of its parent":                          {me, sessionBy(t, os.Getppid()), false},
		"the boot was told a second differently": {me, early(-1), false},
		"of a process that is gone":              {me, deadSession(), true},
		"its process id belongs to another":      {me, early(-3600), true},
		"any hash":                               {me, hex.EncodeToString(random[:]), true},
		"of an owner outside of its namespace":   {me, sessionOf(0, 0), false},
		"a random one":                           {me, "0b8e6f2c-8d0a-4b5e-9a41-1f0f0a3a7c11", false},
		"set by a person":                        {me, "nightly", false},
		"none":                                   {me, "", false},
		"where not all processes are seen":       {elsewhere, deadSession(), false},
	} {
		if got, err := tt.me.sessionOver(t.Context(), tt.session); err != nil || got != tt.want {
			t.Errorf("%s: over %t (%v), want %t", name, got, err, tt.want)
		}
	}
}

// TestSessionsOfTheDead: clean and the next start remove what Testcontainers made beside
// for a session that is over, and nothing of a living one, of another project, or in use.
func TestSessionsOfTheDead(t *testing.T) {
	t.Parallel()
	needEveryProcess(t)
	const made = testcontainers.ReaperDefault
	var d fakeDaemon
	e := d.on(t)
	living := sessionBy(t, os.Getppid())
	d.network("dead", made, sessionLabels(deadSession()))
	d.network("living", made, sessionLabels(living))
	d.network("joined", made, sessionLabels(deadSession()), "somebody")
	d.network("cleaned-by-ryuk", made, sessionLabels(deadSession(), labelReap, "true"))
	d.network("another-version", made, sessionLabels(deadSession(), "org.testcontainers.version", "0.1.0"))
	d.network("java", made, sessionLabels(deadSession(), "org.testcontainers.lang", "java"))
	d.network("another-name", "shop_default", sessionLabels(deadSession()))
	d.network("no-session", made, map[string]string{"org.testcontainers": "true"})
	d.network("no-labels", made, nil)
	d.container("postgres", sessionLabels(deadSession()))
	d.container("old", sessionLabels(deadSession(), LabelRun, "r1"))
	d.container("old-living", sessionLabels(living, LabelRun, "r2"))
	d.container("old-kept", sessionLabels(deadSession(), LabelRun, "r3", LabelKeep, "true"))
	d.container("owned", sessionLabels(deadSession(), LabelRun, "r4", LabelOwner, e.owner.String()))
	d.container("no-owner", map[string]string{LabelRun: "r5"})
	d.network("old-net", "oalab-r1-net", sessionLabels(deadSession(), LabelRun, "r1"))

	left, err := e.sweep(t.Context())
	must(t, err)
	if diff := cmp.Diff(Removed{Containers: []string{"old"}, Networks: []string{"oalab-r1-net", made}}, left); diff != "" {
		t.Errorf("at the next start (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"containers/old", "networks/old-net", "networks/dead"}, d.removed); diff != "" {
		t.Errorf("asked the daemon at the next start for (-want +got):\n%s", diff)
	}

	d.removed = nil
	cleaned, err := e.Clean(t.Context())
	must(t, err)
	if diff := cmp.Diff([]string{"oalab-r1-net", made}, cleaned.Networks); diff != "" {
		t.Errorf("clean (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"no-owner", "old", "old-kept", "old-living", "owned"}, cleaned.Containers); diff != "" {
		t.Errorf("clean (-want +got):\n%s", diff)
	}

	d.removed = nil
	cleaned, err = e.Clean(t.Context(), "r4")
	must(t, err)
	if diff := cmp.Diff(Removed{Containers: []string{"owned"}}, cleaned); diff != "" {
		t.Errorf("clean of one run (-want +got):\n%s", diff)
	}
}

// TestSessionsInDocker: a network of a living session stays over a start of the engine, and
// goes at the first one after its owner has ended.
func TestSessionsInDocker(t *testing.T) {
	needEveryProcess(t)
	e := engine(t)
	holds := exec.CommandContext(limit(t, time.Minute), "sleep", "60")
	must(t, holds.Start())
	ended := sync.OnceFunc(func() {
		_ = holds.Process.Kill()
		_ = holds.Wait() // killed
	})
	defer ended()
	made, err := e.docker.NetworkCreate(limit(t, time.Minute), testcontainers.ReaperDefault, client.NetworkCreateOptions{
		Driver: testcontainers.Bridge, Attachable: true, Labels: sessionLabels(sessionBy(t, holds.Process.Pid)),
	})
	must(t, err)
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
		defer cancel()
		must(t, e.removeNetwork(ctx, made.ID))
	}()
	isThere := func() bool {
		t.Helper()
		again, err := Open(limit(t, time.Minute), Options{RunID: fmt.Sprintf("%s-again", e.run)})
		must(t, err)
		must(t, again.Close())
		list, err := e.docker.NetworkList(limit(t, time.Minute), client.NetworkListOptions{})
		must(t, err)
		for _, n := range list.Items {
			if n.ID == made.ID {
				return true
			}
		}
		return false
	}
	if !isThere() {
		t.Fatal("the network of a living session was removed")
	}
	ended()
	if isThere() {
		t.Error("the network of a session that is over is left")
	}
}
