package container

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/moby/moby/client"
)

// TestOnlyItsOwnNetworkIsMade: a daemon without the default bridge is asked for the lab's
// network and for no other.
func TestOnlyItsOwnNetworkIsMade(t *testing.T) {
	var made []string
	daemon := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case strings.HasSuffix(r.URL.Path, "/networks/create"):
			var asked struct {
				Name, Driver string
				Labels       map[string]string
				IPAM         struct {
					Config []struct{ Subnet, IPRange, Gateway string }
				}
			}
			if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
				t.Error(err)
			}
			made = append(made, asked.Name)
			c := asked.IPAM.Config
			if asked.Driver != "bridge" || asked.Labels[LabelRun] != "r" || len(c) != 1 || c[0].Subnet != "198.18.7.0/24" || c[0].Gateway != "198.18.7.1" || c[0].IPRange != "198.18.7.192/26" {
				t.Errorf("asked for %+v", asked)
			}
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, `{"Id":"n1"}`)
		default:
			_, _ = io.WriteString(w, `[]`)
		}
	}))
	defer daemon.Close()
	docker, err := client.New(client.WithHost("tcp://"+strings.TrimPrefix(daemon.URL, "http://")), client.WithAPIVersion("1.44"))
	must(t, err)
	defer docker.Close()
	n := &Network{engine: &Engine{run: "r", docker: docker}, name: "oalab-r-a", subnet: netip.MustParsePrefix("198.18.7.0/24")}
	must(t, n.make(t.Context(), "a"))
	if n.id != "n1" || strings.Join(made, ",") != "oalab-r-a" {
		t.Errorf("made %v, id %q", made, n.id)
	}
}
