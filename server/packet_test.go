package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"oalab/mockwechat"
	"oalab/server"
	"oalab/server/internal/config"
	"oalab/server/internal/packet"
	"oalab/server/internal/servertest"
)

// packetWorld is a server whose followers log in at the mock's consent page, and have packets.
func packetWorld(t *testing.T, change func(*server.Config)) (*world, *server.Server) {
	t.Helper()
	w, cfg := newWorld(t)
	cfg.WeChat.OpenBase = cfg.WeChat.APIBase
	cfg.OAuth.ReturnPaths = []string{"/c/", "/api/v1/login/"}
	cfg.Packet.Daily = packet.Levels{{Messages: 0, Units: 20}, {Messages: 2, Units: 50}}
	cfg.Packet.GrabsPerMinute, cfg.OAuth.CallsPerMinute = 1000, 1000 // a slow machine asks often
	cfg.Packet.ReturnEvery = config.Duration(100 * time.Millisecond)
	change(&cfg)
	return w, servertest.Start(t, cfg, server.RoleOAuth, server.RoleCampaign, server.RoleCallback)
}

// answered is an answer of the API of packets.
type answered struct {
	status  int
	Message string `json:"message"`
	Data    struct {
		Reason    string `json:"reason"`
		ID        string `json:"id"`
		State     string `json:"state"`
		Units     int64  `json:"units"`
		Taken     int    `json:"taken"`
		Movements []struct {
			Kind  string `json:"kind"`
			Units int64  `json:"units"`
		} `json:"movements"`
	} `json:"data"`
}

// enter logs a follower in, through the consent page.
func enter(t *testing.T, s *server.Server, openID string) *follower {
	t.Helper()
	f := newFollower(t, openID)
	if p := f.open("http://" + s.Addr() + loginToMe); p.status != http.StatusOK {
		t.Fatalf("%s cannot log in: %d %s", openID, p.status, p.body)
	}
	return f
}

func (f *follower) packets(s *server.Server, method, path, body string) (a answered) {
	f.t.Helper()
	address := "http://" + s.Addr() + "/api/v1/packets/demo/" + path
	if method == http.MethodPost {
		a.status = f.post(address, body, &a)
		return a
	}
	p := f.open(address)
	if err := json.Unmarshal([]byte(p.body), &a); err != nil {
		f.t.Fatalf("%v: %s", err, p.body)
	}
	a.status = p.status
	return a
}

func (f *follower) has(s *server.Server, want int64) {
	f.t.Helper()
	if a := f.packets(s, http.MethodGet, "balance", ""); a.status != http.StatusOK || a.Data.Units != want {
		f.t.Errorf("%s has %d (%d), want %d", f.openID, a.Data.Units, a.status, want)
	}
}

// TestRedPackets: two followers log in through the consent page; one opens the daily packet and
// sends it, the other grabs, and what is left comes back once its time has passed (CAM-2, CAM-4).
func TestRedPackets(t *testing.T) {
	t.Parallel()
	w, s := packetWorld(t, func(cfg *server.Config) { cfg.Packet.Life = config.Period(3 * time.Second) })
	for i := range 2 { // messages are activity
		w.say(s, mockwechat.Message{OpenID: fan, Content: "hello", MsgID: fmt.Sprint(900 + i), CreateTime: time.Now().Unix()})
	}
	one, two := enter(t, s, fan), enter(t, s, "oOther0000000000000000000001")
	if a := one.packets(s, http.MethodPost, "daily", ""); a.status != http.StatusOK || a.Data.Units != 50 {
		t.Fatalf("%+v", a)
	}
	if a := two.packets(s, http.MethodPost, "daily", ""); a.status != http.StatusOK || a.Data.Units != 20 {
		t.Fatalf("%+v", a)
	}
	if a := one.packets(s, http.MethodPost, "daily", ""); a.Data.Reason != "opened" || a.status != http.StatusConflict {
		t.Errorf("%+v", a)
	}
	const body = `{"serial":"s-1","kind":"random","units":30,"shares":3,"wish":"恭喜发财"}`
	sent := one.packets(s, http.MethodPost, "send", body)
	if again := one.packets(s, http.MethodPost, "send", body); sent.status != http.StatusOK || again.status != http.StatusOK || again.Data.ID != sent.Data.ID {
		t.Errorf("%+v, then %+v", sent, again)
	}
	one.has(s, 20)
	path := "packet/" + sent.Data.ID
	for _, refused := range []struct {
		f            *follower
		method, path string
		body, reason string
	}{
		{one, http.MethodPost, path + "/grab", "", "own"},
		{one, http.MethodPost, "send", strings.Replace(body, "30", "29", 1), "serial_used"},
		{one, http.MethodPost, "send", `{"serial":"s-2","kind":"random","units":21,"shares":3}`, "poor"},
		{two, http.MethodPost, "send", `{"serial":"s-1","kind":"random","units":1000000000,"shares":3}`, "too_many_units"},
		{two, http.MethodPost, "send", `{"serial":"s-1","kind":"random","units":-5,"shares":3}`, "no_units"},
		{two, http.MethodPost, "packet/AAAAAAAAAAAAAAAAAAAAAAAAAA/grab", "", "not_found"},
		{two, http.MethodGet, "packet/AAAAAAAAAAAAAAAAAAAAAAAAAA", "", "not_found"},
	} {
		if a := refused.f.packets(s, refused.method, refused.path, refused.body); a.Data.Reason != refused.reason || a.Message == "" {
			t.Errorf("%s %s: %+v, want %s", refused.path, refused.body, a, refused.reason)
		}
	}
	stranger := newFollower(t, "oStranger000000000000000001")
	if a := stranger.packets(s, http.MethodPost, path+"/grab", ""); a.status != http.StatusUnauthorized {
		t.Errorf("without a login: %+v", a)
	}
	grabbed := two.packets(s, http.MethodPost, path+"/grab", "")
	if grabbed.status != http.StatusOK || grabbed.Data.Units < 1 || grabbed.Data.Units > 28 {
		t.Fatalf("%+v", grabbed)
	}
	if a := two.packets(s, http.MethodPost, path+"/grab", ""); a.Data.Reason != "grabbed" || a.Data.Units != grabbed.Data.Units {
		t.Errorf("%+v", a)
	}
	if a := one.packets(s, http.MethodGet, path, ""); a.Data.State != "open" || a.Data.Taken != 1 {
		t.Errorf("%+v", a)
	}
	two.has(s, 20+grabbed.Data.Units)
	for deadline := time.Now().Add(time.Minute); one.packets(s, http.MethodGet, "history", "").Data.Movements[0].Kind != "returned"; {
		if time.Now().After(deadline) {
			t.Fatal("the rest never came back")
		}
		<-time.After(200 * time.Millisecond)
	}
	one.has(s, 50-grabbed.Data.Units)
	late := enter(t, s, "oLate00000000000000000000001")
	if a := late.packets(s, http.MethodPost, path+"/grab", ""); a.Data.Reason != "ended" {
		t.Errorf("%+v", a)
	}
	var kinds []string
	for _, m := range one.packets(s, http.MethodGet, "history", "").Data.Movements {
		kinds = append(kinds, fmt.Sprint(m.Kind, m.Units))
	}
	if got, want := strings.Join(kinds, " "), fmt.Sprintf("returned%d sent30 issued50", 30-grabbed.Data.Units); got != want {
		t.Errorf("history %s, want %s", got, want)
	}
	full := two.packets(s, http.MethodPost, "send", `{"serial":"f","kind":"equal","units":5,"shares":1}`)
	if a := one.packets(s, http.MethodPost, "packet/"+full.Data.ID+"/grab", ""); a.Data.Units != 5 {
		t.Errorf("%+v", a)
	}
	for range 2 { // by the database, then by the gate
		if a := late.packets(s, http.MethodPost, "packet/"+full.Data.ID+"/grab", ""); a.Data.Reason != "sold_out" {
			t.Errorf("%+v", a)
		}
	}
}
