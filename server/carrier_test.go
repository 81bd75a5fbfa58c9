package server_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"oalab/internal/deadport"
	"oalab/server/internal/servertest"
)

var ownFigure = regexp.MustCompile(`oalab_[a-z_]+`)

// TestACarrierThatCannotBeCalledIsTold: a query meets a dead address; the server stays
// ready, its readiness names the address and its origin, and the figures that the alerts
// of docker/metrics ask for are there.
func TestACarrierThatCannotBeCalledIsTold(t *testing.T) {
	t.Parallel()
	dead := "http://" + deadport.Addr(t) + "/carrier"
	cfg := servertest.Config(t)
	cfg.Carrier.Endpoint = dead
	servertest.Seed(t, cfg, seed)
	s := servertest.Start(t, cfg)
	if status, body := servertest.Get(t, s, "/readyz"); status != 200 || !strings.Contains(body, `"carrier":"ok"`) {
		t.Errorf("before any call: %d %s", status, body)
	}
	// A push as another tool writes it: with a byte order mark and a reference that XML forbids.
	const push = "\ufeff<xml><ToUserName>gh_a96a4a619366</ToUserName><FromUserName>oFollower0000000000000000001</FromUserName>" +
		"<CreateTime>1793464200</CreateTime><MsgType>text</MsgType><Content>CX&#x1d;LL</Content><MsgId>1</MsgId></xml>"
	if status, body := servertest.Push(t, s, push); status != 200 || body != "success" {
		t.Errorf("a query: %d %s", status, body)
	}
	deadline := time.Now().Add(20 * time.Second)
	for {
		status, body := servertest.Get(t, s, "/readyz")
		if status != 200 {
			t.Fatalf("the server is not ready: %d %s", status, body)
		}
		if strings.Contains(body, "POST "+dead+" (carrier.endpoint of the configuration)") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("readiness says %s", body)
		}
		time.Sleep(10 * time.Millisecond)
	}
	rules, err := os.ReadFile("../docker/metrics/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, figures := servertest.Get(t, s, "/metrics")
	for line := range strings.Lines(string(rules)) {
		if !strings.Contains(line, "expr:") {
			continue
		}
		for _, name := range ownFigure.FindAllString(line, -1) {
			if !strings.Contains(figures, "\n"+name) {
				t.Errorf("an alert asks for %s, which the server does not show", name)
			}
		}
	}
	if !strings.Contains(figures, `oalab_carrier_errors_total{class="refused",op="QueryUsage"}`) || strings.Contains(figures, "\noalab_carrier_failing_seconds 0\n") {
		t.Errorf("the figures do not say that calls fail")
	}
}
