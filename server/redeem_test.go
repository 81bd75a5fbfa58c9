package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"oalab/chaos/upstream"
	cl "oalab/mockcarrier/ledger"
	"oalab/server"
	"oalab/server/carrier"
	"oalab/server/internal/packet"
	"oalab/server/internal/servertest"
)

// movements is a follower's history in words.
func (f *follower) movements(s *server.Server) string {
	f.t.Helper()
	var kinds []string
	for _, m := range f.packets(s, http.MethodGet, "history", "").Data.Movements {
		kinds = append(kinds, fmt.Sprint(m.Kind, m.Units))
	}
	return strings.Join(kinds, " ")
}

// TestDataIsRedeemed: a follower moves data to the bound phone. The carrier gives it once, however often
// the follower asks; what the carrier refuses is back in the balance (CAM-2, CAM-5, BIZ-4).
func TestDataIsRedeemed(t *testing.T) {
	t.Parallel()
	w, cfg := newWorld(t)
	cfg.WeChat.OpenBase = cfg.WeChat.APIBase
	cfg.OAuth.ReturnPaths = []string{"/c/", "/api/v1/login/"}
	cfg.Packet.Daily = packet.Levels{{Messages: 0, Units: 20}}
	cfg.Packet.GrabsPerMinute, cfg.OAuth.CallsPerMinute = 1000, 1000 // a slow machine asks often
	cfg.Packet.RedeemEvery = server.Duration(100 * time.Millisecond)
	servertest.Seed(t, cfg, "account: demo\nbindings_csv: |\n  "+fan+",13800000001\n  oForeign00000000000000000001,18900000001\n")
	s := servertest.Start(t, cfg, server.RoleOAuth, server.RoleCampaign, server.RoleWorker)
	one, foreign, unbound := enter(t, s, fan), enter(t, s, "oForeign00000000000000000001"), enter(t, s, "oOther0000000000000000000001")
	for _, f := range []*follower{one, foreign, unbound} {
		if a := f.packets(s, http.MethodPost, "daily", ""); a.Data.Units != 20 {
			t.Fatalf("%+v", a)
		}
	}
	const body = `{"serial":"s-1","units":15}`
	for range 3 { // the answer was lost
		if a := one.packets(s, http.MethodPost, "redeem", body); a.status != http.StatusOK || a.Data.Units != 15 {
			t.Errorf("%+v", a)
		}
	}
	for _, refused := range []struct {
		f            *follower
		body, reason string
	}{
		{one, `{"serial":"s-1","units":14}`, "serial_used"},
		{one, `{"serial":"s-2","units":6}`, "poor"},
		{one, `{"serial":"s-2","units":-6}`, "no_units"},
		{one, `{"serial":"s-2","units":1000000000}`, "too_many_units"},
		{unbound, `{"serial":"s-1","units":15}`, "unbound"},
	} {
		if a := refused.f.packets(s, http.MethodPost, "redeem", refused.body); a.Data.Reason != refused.reason || a.Message == "" {
			t.Errorf("%s: %+v, want %s", refused.body, a, refused.reason)
		}
	}
	becomes := func(f *follower, want string) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); f.movements(s) != want; {
			if time.Now().After(deadline) {
				t.Fatalf("%s: history %s, want %s", f.openID, f.movements(s), want)
			}
			<-time.After(100 * time.Millisecond)
		}
	}
	becomes(one, "redeemed15 redeeming15 issued20")
	// The carrier refuses the number of the other follower.
	w.faults(w.carrier.ControlAddr(), upstream.Rule{Match: upstream.Match{Op: carrier.OpRedeemData}, ErrCode: 1006})
	if a := foreign.packets(s, http.MethodPost, "redeem", body); a.status != http.StatusOK {
		t.Errorf("%+v", a)
	}
	becomes(foreign, "refused15 redeeming15 issued20")
	one.has(s, 5)
	foreign.has(s, 20)
	unbound.has(s, 20)
	var given []string
	for _, e := range ledger[cl.Entry](w, w.carrier.ControlAddr()) {
		if e.MB != 0 {
			given = append(given, fmt.Sprint(e.Op, " ", e.Phone, " ", e.Code, " ", e.MB))
		}
	}
	if got := strings.Join(given, ", "); got != "RedeemData 13800000001 redpacket 15" {
		t.Errorf("the carrier gave %q", got)
	}
}
