package topology

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/scenarios/history"
)

// said is a configuration as `nginx -T` prints it.
func said(files ...string) string {
	var text string
	for i := 0; i < len(files); i += 2 {
		text += "# configuration file " + files[i] + ":\n" + files[i+1] + "\n"
	}
	return text
}

// only is a line that one host alone has.
func only(host, file, text string) history.DriftLine {
	return history.DriftLine{Host: host, File: file, Text: text}
}

func TestCompareConfigs(t *testing.T) {
	const main, up = "/etc/nginx/nginx.conf", "/etc/nginx/upstream.conf"
	base := said(main, "worker_processes 1;\nhttp {\n\tgzip on;\n}", up, "server 198.18.0.21:8080;\nserver 198.18.0.22:8080;")
	for name, tc := range map[string]struct {
		b        string
		want     []history.DriftLine
		compared int
	}{
		"equal":                       {base, nil, 6},
		"comments and space":          {said(main, "# by hand\nworker_processes   1;\n\nhttp {\n    gzip on;\n}", up, "server 198.18.0.21:8080;\n\tserver 198.18.0.22:8080;"), nil, 6},
		"a value":                     {strings.Replace(base, "gzip on", "gzip off", 1), []history.DriftLine{only("lb1", main, "gzip on;"), only("lb2", main, "gzip off;")}, 7},
		"a line less":                 {strings.Replace(base, "server 198.18.0.22:8080;", "", 1), []history.DriftLine{only("lb1", up, "server 198.18.0.22:8080;")}, 6},
		"a line more":                 {strings.Replace(base, "gzip on;", "gzip on;\nsendfile on;", 1), []history.DriftLine{only("lb2", main, "sendfile on;")}, 7},
		"another order":               {said(main, "worker_processes 1;\nhttp {\n\tgzip on;\n}", up, "server 198.18.0.22:8080;\nserver 198.18.0.21:8080;"), []history.DriftLine{only("lb1", up, "server 198.18.0.21:8080;"), only("lb2", up, "server 198.18.0.21:8080;")}, 7},
		"the same line, another file": {said(main, "worker_processes 1;\nhttp {\n\tgzip on;\n}", up, "server 198.18.0.21:8080;", "/etc/nginx/more.conf", "server 198.18.0.22:8080;"), []history.DriftLine{only("lb1", up, "server 198.18.0.22:8080;"), only("lb2", "/etc/nginx/more.conf", "server 198.18.0.22:8080;")}, 7},
		"nothing at all":              {"", []history.DriftLine{only("lb1", main, "worker_processes 1;"), only("lb1", main, "http {"), only("lb1", main, "gzip on;"), only("lb1", main, "}"), only("lb1", up, "server 198.18.0.21:8080;"), only("lb1", up, "server 198.18.0.22:8080;")}, 6},
	} {
		t.Run(name, func(t *testing.T) {
			got, compared := compareConfigs(hostConfig{host: "lb1", text: base}, hostConfig{host: "lb2", text: tc.b})
			if diff := cmp.Diff(tc.want, got); diff != "" || compared != tc.compared {
				t.Errorf("%d lines compared, want %d; drift (-want +got):\n%s", compared, tc.compared, diff)
			}
		})
	}
}

// TestWhatMustDiffer: each host's own name and address are no drift; the other's are.
func TestWhatMustDiffer(t *testing.T) {
	a := hostConfig{host: "lb1", text: said("f", "listen 198.18.0.11:80;\nadd_header X-Node lb1;\nallow 198.18.0.110;"), self: []string{"lb1", "198.18.0.11"}}
	b := hostConfig{host: "lb2", text: said("f", "listen 198.18.0.12:80;\nadd_header X-Node lb2;\nallow 198.18.0.110;"), self: []string{"lb2", "198.18.0.12"}}
	if got, n := compareConfigs(a, b); len(got) != 0 || n != 3 {
		t.Errorf("drift %v of %d lines, want none of 3", got, n)
	}
	b.text = strings.ReplaceAll(b.text, "lb2", "lb1")
	want := []history.DriftLine{only("lb1", "f", "add_header X-Node @self;"), only("lb2", "f", "add_header X-Node lb1;")}
	got, _ := compareConfigs(a, b)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("drift (-want +got):\n%s", diff)
	}
}

// TestDriftOfAPair: two load balancers with equal settings are equal, and a difference
// that is planted on one of them is found, to the line (DIS-1).
func TestDriftOfAPair(t *testing.T) {
	d := startPair(t, Layout{}, http.HandlerFunc(success), nil)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if got := d.Drift(ctx); got.Error != "" || len(got.Lines) != 0 || got.Compared < 100 {
		t.Errorf("drift %+v, want none of more than 100 lines", got)
	}
	must(t, d.hosts[HostLB2].Run(ctx, "sed", "-i", "s/proxy_read_timeout 2s;/proxy_read_timeout 9s;/", "/etc/nginx/app.conf"))
	got := d.Drift(ctx)
	want := []history.DriftLine{
		only("lb1", "/etc/nginx/app.conf", "proxy_read_timeout 2s;"), only("lb2", "/etc/nginx/app.conf", "proxy_read_timeout 9s;"),
	}
	if diff := cmp.Diff(want, got.Lines); diff != "" || got.Error != "" {
		t.Errorf("%s drift (-want +got):\n%s", got.Error, diff)
	}
	must(t, d.hosts[HostLB2].Kill(ctx))
	if got := d.Drift(ctx); got.Error == "" || !strings.Contains(got.Error, "lb2") {
		t.Errorf("drift with a dead host: %+v, want an error that names it", got)
	}
}
