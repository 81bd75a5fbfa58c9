package docker_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"oalab/docker"
)

// rules is what Prometheus reads.
type rules struct {
	Groups []struct {
		Name  string `yaml:"name"`
		Rules []struct {
			Alert       string            `yaml:"alert"`
			Expr        string            `yaml:"expr"`
			For         string            `yaml:"for"`
			Labels      map[string]string `yaml:"labels"`
			Annotations map[string]string `yaml:"annotations"`
		} `yaml:"rules"`
	} `yaml:"groups"`
}

// TestAlertsAreComplete: every rule says how bad it is and what to do.
func TestAlertsAreComplete(t *testing.T) {
	t.Parallel()
	content, err := docker.Files.ReadFile("metrics/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var r rules
	if err := yaml.UnmarshalWithOptions(content, &r, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, g := range r.Groups {
		for _, rule := range g.Rules {
			names = append(names, rule.Alert)
			if rule.Expr == "" || !slices.Contains([]string{"page", "ticket"}, rule.Labels["severity"]) ||
				rule.Annotations["summary"] == "" || rule.Annotations["description"] == "" {
				t.Errorf("the alert %s of %s lacks an expression, a severity (page, ticket), a summary or a description", rule.Alert, g.Name)
			}
		}
	}
	if slices.Sort(names); len(names) == 0 || len(slices.Compact(names)) != len(names) {
		t.Errorf("alerts %v, want several, each once", names)
	}
	start, err := docker.Files.ReadFile("metrics/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(start), "COPY alerts.yaml /etc/prometheus/rules/oalab.yml") {
		t.Error("the image of Prometheus does not hold the alerts")
	}
}

// TestAlertsFire lets promtool check the rules and hold them against alerts_test.yaml.
func TestAlertsFire(t *testing.T) {
	t.Parallel()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		const remedy = "no promtool here, so the alerts are not checked.\nRemedy: make deps (Debian), or put promtool of Prometheus in a folder of PATH"
		if slices.Contains(strings.Split(os.Getenv("OALAB_REQUIRE"), ","), "promtool") {
			t.Fatal(remedy + "\nOALAB_REQUIRE names promtool, so this may not be skipped")
		}
		t.Skip("SKIPPED: " + remedy)
	}
	for _, args := range [][]string{{"check", "rules", "alerts.yaml"}, {"test", "rules", "alerts_test.yaml"}} {
		cmd := exec.CommandContext(t.Context(), promtool, args...)
		cmd.Dir = "metrics"
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}
