package packet_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/config"
	"oalab/server/internal/packet"
)

// refusal fails the test unless a call was refused for the reason, and counted.
func (g *rig) refusal(a answer, call, reason string) {
	g.t.Helper()
	for _, r := range packet.Refusals() {
		if r.Reason != reason {
			continue
		}
		if a.status != r.Status || a.Code != r.Status || a.Message != r.Text || a.Data["reason"] != reason {
			g.t.Errorf("%s: %+v, want %+v", call, a, *r)
		}
		if g.counted(call, reason) == 0 {
			g.t.Errorf("%s %s is not counted", call, reason)
		}
		return
	}
	g.t.Errorf("there is no refusal %q", reason)
}

// TestWhatCannotBeSent: hostile and mistaken requests are refused, each in its words, and reach
// no store (CAM-2).
func TestWhatCannotBeSent(t *testing.T) {
	t.Parallel()
	body := func(serial, kind, units, shares, wish string) string {
		return fmt.Sprintf(`{"serial":%q,"kind":%q,"units":%s,"shares":%s,"wish":%q}`, serial, kind, units, shares, wish)
	}
	for name, tt := range map[string]struct{ body, reason string }{
		"no JSON":               {"units=5", "form"},
		"an unknown field":      {`{"serial":"s","kind":"equal","units":5,"shares":5,"balance":1}`, "form"},
		"two objects":           {body("s", "equal", "5", "5", "") + "{}", "form"},
		"half a unit":           {body("s", "equal", "5.5", "5", ""), "form"},
		"a text as amount":      {body("s", "equal", `"5"`, "5", ""), "form"},
		"beyond 64 bits":        {body("s", "equal", "99999999999999999999", "5", ""), "form"},
		"no serial":             {body("", "equal", "5", "5", ""), "serial"},
		"a serial of 65":        {body(strings.Repeat("s", 65), "equal", "5", "5", ""), "serial"},
		"a serial with a space": {body("a b", "equal", "5", "5", ""), "serial"},
		"another kind":          {body("s", "simplex", "5", "5", ""), "kind"},
		"a wish of 41":          {body("s", "equal", "5", "5", strings.Repeat("福", 41)), "wish"},
		"a wish with a line":    {body("s", "equal", "5", "5", "a\nb"), "wish"},
		"no shares":             {body("s", "random", "5", "0", ""), "no_shares"},
		"negative shares":       {body("s", "random", "5", "-1", ""), "no_shares"},
		"501 shares":            {body("s", "random", "1000", "501", ""), "too_many_shares"},
		"2^40 shares":           {body("s", "random", "1000", "1099511627776", ""), "too_many_shares"},
		"0 units":               {body("s", "random", "0", "5", ""), "no_units"},
		"negative units":        {body("s", "random", "-5", "5", ""), "no_units"},
		"10^9 units":            {body("s", "random", "1000000000", "5", ""), "too_many_units"},
		"10^18 units":           {body("s", "random", "1000000000000000000", "5", ""), "too_many_units"},
		"more shares than MB":   {body("s", "random", "4", "5", ""), "too_few_units"},
		"not to be divided":     {body("s", "equal", "11", "5", ""), "uneven"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t)
			g.refusal(g.call("o1", http.MethodPost, "demo/send", tt.body), "send", tt.reason)
			if len(g.books.sent) != 0 {
				t.Errorf("reached the store: %+v", g.books.sent)
			}
		})
	}
}

// TestSend: what may be sent is divided by its kind, by the seed alone.
func TestSend(t *testing.T) {
	t.Parallel()
	seed := func(c *packet.Config) { c.Seed = func() [32]byte { return [32]byte{1} } }
	var before []int
	for range 2 {
		g := newRig(t, seed)
		a := g.call("o1", http.MethodPost, "demo/send", `{"serial":"s-1","kind":"random","units":100,"shares":7,"wish":"恭喜发财"}`)
		if a.status != http.StatusOK || a.Data["units"] != 100.0 || a.Data["shares"] != 7.0 {
			t.Fatalf("%+v", a)
		}
		p := g.books.sent[0]
		if p.Sender != "o1" || p.Account != "demo" || p.Serial != "s-1" || p.Split != "simplex" || p.Units() != 100 || p.Life != 24*time.Hour || len(p.ID) < 26 || a.Data["id"] != p.ID {
			t.Errorf("%+v", p)
		}
		if before != nil && !slices.Equal(before, p.Shares) {
			t.Errorf("one seed, shares %v and %v", before, p.Shares)
		}
		before = p.Shares
		g.call("o1", http.MethodPost, "demo/send", `{"serial":"s-2","kind":"equal","units":12,"shares":3}`)
		if diff := cmp.Diff([]int{4, 4, 4}, g.books.sent[1].Shares); diff != "" || g.books.sent[1].Split != packet.SplitEqual {
			t.Errorf("%+v", g.books.sent[1])
		}
	}
	g := newRig(t)
	for range 2 {
		g.call("o1", http.MethodPost, "demo/send", `{"serial":"s","kind":"random","units":9999,"shares":50}`)
	}
	if slices.Equal(g.books.sent[0].Shares, g.books.sent[1].Shares) || g.books.sent[0].ID == g.books.sent[1].ID {
		t.Error("two packets are the same")
	}
}

// TestErrorsOfTheStore: each has its words; what is no refusal is told as trouble of the system.
func TestErrorsOfTheStore(t *testing.T) {
	t.Parallel()
	for want, cause := range map[string]error{
		"not_found": packet.ErrNoPacket, "own": packet.ErrOwn, "not_for_you": packet.ErrNotForYou, "grabbed": packet.ErrGrabbed, "sold_out": packet.ErrSoldOut,
		"ended": packet.ErrEnded, "busy": packet.ErrBusy, "unavailable": errCut,
	} {
		g := newRig(t)
		g.books.grabErr = fmt.Errorf("grab: %w", cause)
		a := g.call("o1", http.MethodPost, "demo/packet/p1/grab", "")
		g.refusal(a, "grab", want)
		if (a.retry != "") != (a.status == http.StatusServiceUnavailable) {
			t.Errorf("%s: Retry-After %q", want, a.retry)
		}
	}
	for want, cause := range map[string]error{"poor": packet.ErrPoor, "serial_used": packet.ErrSerialUsed, "unavailable": errCut} {
		g := newRig(t)
		g.books.err = cause
		g.refusal(g.call("o1", http.MethodPost, "demo/send", `{"serial":"s","kind":"equal","units":1,"shares":1}`), "send", want)
	}
	g := newRig(t)
	g.books.err = errCut
	for path, call := range map[string]string{"balance": "balance", "packet/p1": "look", "history": "history"} {
		g.refusal(g.call("o1", http.MethodGet, "demo/"+path, ""), call, "unavailable")
	}
	g.refusal(g.call("o1", http.MethodPost, "demo/daily", ""), "daily", "unavailable")
}

// TestTheGateOnlyRefuses: it spares the store what the store has refused before, and a follower who
// asks again is told what the first grab brought (CAM-6).
func TestTheGateOnlyRefuses(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	grab := func(who string) answer { return g.call(who, http.MethodPost, "demo/packet/p1/grab", "") }
	if a := grab("o1"); a.status != http.StatusOK || a.Data["units"] != 7.0 {
		t.Errorf("%+v", a)
	}
	a := grab("o1")
	g.refusal(a, "grab", "grabbed")
	if a.Data["units"] != 7.0 || g.books.grabs != 1 {
		t.Errorf("%+v after %d grabs of the store", a, g.books.grabs)
	}
	g.books.grabErr, g.books.units = packet.ErrGrabbed, 3 // by another server
	if a := grab("o2"); a.Data["units"] != 3.0 {
		t.Errorf("%+v", a)
	}
	g.books.grabErr = packet.ErrBusy // says nothing of what comes
	g.refusal(grab("o3"), "grab", "busy")
	g.books.grabErr = packet.ErrSoldOut
	g.refusal(grab("o3"), "grab", "sold_out")
	asked := g.books.grabs
	g.refusal(grab("o4"), "grab", "sold_out")
	g.refusal(grab("o1"), "grab", "grabbed")
	if g.books.grabs != asked {
		t.Errorf("the store was asked %d times more", g.books.grabs-asked)
	}
	g.refusal(g.call("o1", http.MethodPost, "demo/packet/"+strings.Repeat("p", 33)+"/grab", ""), "grab", "not_found")
	g.refusal(g.call("o1", http.MethodGet, "demo/packet/a%20b", ""), "look", "not_found")
	if g.books.grabs != asked {
		t.Error("an id without form reached the store")
	}
}

// TestWhoMayCall: followers who are logged in, not those of a snapshot, and none too often.
func TestWhoMayCall(t *testing.T) {
	t.Parallel()
	g := newRig(t, func(c *packet.Config) { c.SendsPerMinute, c.GrabsPerMinute = 2, 3 })
	calls := map[string]string{"balance": http.MethodGet, "send": http.MethodPost, "packet/p1": http.MethodGet, "packet/p1/grab": http.MethodPost, "daily": http.MethodPost, "redeem": http.MethodPost, "history": http.MethodGet}
	for path, method := range calls {
		if a := g.call("", method, "demo/"+path, ""); a.status != http.StatusUnauthorized {
			t.Errorf("%s without a login: %+v", path, a)
		}
		if a := g.call("o1", method, "other/"+path, ""); a.status != http.StatusUnauthorized {
			t.Errorf("%s at another account: %+v", path, a)
		}
		if a := g.call("snapshot", method, "demo/"+path, ""); a.status != http.StatusForbidden || a.Data["reason"] != "snapshot" {
			t.Errorf("%s of a snapshot: %+v", path, a)
		}
	}
	if len(g.books.sent)+g.books.grabs+len(g.books.issued) != 0 {
		t.Errorf("the store was changed: %+v", g.books)
	}
	for i := range 4 {
		a := g.call("o1", http.MethodGet, "demo/balance", "")
		if i < 3 && (a.status != http.StatusOK || a.Data["units"] != 42.0) {
			t.Errorf("%+v", a)
		} else if i == 3 {
			g.refusal(a, "balance", "too_often")
			if a.retry == "" {
				t.Error("no Retry-After")
			}
		}
	}
	if a := g.call("o2", http.MethodGet, "demo/balance", ""); a.status != http.StatusOK {
		t.Errorf("another follower: %+v", a)
	}
}

// TestDaily: what the system packet holds follows from the activity, once a day of the zone.
func TestDaily(t *testing.T) {
	t.Parallel()
	g := newRig(t, func(c *packet.Config) { c.Daily = packet.Levels{{0, 0}, {5, 3}, {20, 10}} })
	open := func(who string) answer { return g.call(who, http.MethodPost, "demo/daily", "") }
	g.refusal(open("o1"), "daily", "no_daily")
	g.talk.messages = 19
	if a := open("o1"); a.Data["units"] != 3.0 {
		t.Errorf("%+v", a)
	}
	g.refusal(open("o1"), "daily", "opened")
	g.talk.messages = 500
	if a := open("o2"); a.Data["units"] != 10.0 {
		t.Errorf("%+v", a)
	}
	g.talk.err = errCut // the lowest level
	g.refusal(open("o3"), "daily", "no_daily")
	if diff := cmp.Diff(map[string]int64{"o1 daily:2027-01-01": 3, "o2 daily:2027-01-01": 10}, g.books.issued); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestLookAndHistory: what a follower sees; no other follower's openid is in it.
func TestLookAndHistory(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	a := g.call("o1", http.MethodGet, "demo/packet/p1", "")
	for key, want := range map[string]any{"state": "open", "kind": "random", "own": true, "mine": 0.0, "taken": 1.0, "shares": 3.0, "units": 9.0} {
		if a.Data[key] != want {
			t.Errorf("%s is %v, want %v", key, a.Data[key], want)
		}
	}
	a = g.call("o1", http.MethodGet, "demo/history?before=1700000000000", "")
	var kinds []string
	lines, _ := a.Data["movements"].([]any)
	for _, l := range lines {
		line, _ := l.(map[string]any)
		kinds = append(kinds, fmt.Sprint(line["kind"], line["units"]))
	}
	if diff := cmp.Diff([]string{"grabbed1", "returned2", "sent3", "issued4"}, kinds); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for _, bad := range []string{"x", "-1", "1e9"} {
		g.refusal(g.call("o1", http.MethodGet, "demo/history?before="+bad, ""), "history", "form")
	}
}

// TestReturns: what is due is returned, and one that fails keeps no other back (CAM-4).
func TestReturns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t)
		for i := range 250 {
			g.books.due = append(g.books.due, fmt.Sprint("p", i))
		}
		g.books.failing["p1"] = true
		done := make(chan error)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { done <- g.s.Run(ctx) }()
		time.Sleep(9 * time.Second)
		synctest.Wait()
		if _, ended := g.books.state(); ended != 0 {
			t.Error("looked before its time")
		}
		time.Sleep(25 * time.Second)
		synctest.Wait()
		if due, ended := g.books.state(); !slices.Equal(due, []string{"p1"}) || ended != 249 {
			t.Errorf("%d ended, left %v", ended, due)
		}
		g.books.heal("p1")
		time.Sleep(11 * time.Second)
		synctest.Wait()
		if due, _ := g.books.state(); len(due) != 0 {
			t.Errorf("left %v", due)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestLevels: written and read; what has no sense is refused.
func TestLevels(t *testing.T) {
	t.Parallel()
	var l packet.Levels
	if err := l.UnmarshalText([]byte("0:1, 5:3\n20:10")); err != nil || l.String() != "0:1 5:3 20:10" {
		t.Errorf("%v, %v", l, err)
	}
	for _, bad := range []string{"", "1:1", "0:1 0:2", "0:1 5:3 4:9", "0:-1", "0:10001", "0", "0:x", "x:1", "0:1 10001:1"} {
		if err := l.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q was taken as %v", bad, l)
		}
	}
}

// TestSettings: each value that is wrong is named by its key.
func TestSettings(t *testing.T) {
	t.Parallel()
	faults := func(change func(*packet.Settings)) (keys []string) {
		s := packet.DefaultSettings()
		change(&s)
		f := &config.Faults{}
		s.Validate(f)
		for _, fault := range f.List {
			keys = append(keys, fault.Key)
		}
		return keys
	}
	if keys := faults(func(*packet.Settings) {}); keys != nil {
		t.Errorf("the defaults are refused: %v", keys)
	}
	for key, change := range map[string]func(*packet.Settings){
		"packet.allocator": func(s *packet.Settings) { s.Allocator = "fair" }, "packet.life": func(s *packet.Settings) { s.Life = 0 },
		"packet.max_shares": func(s *packet.Settings) { s.MaxShares = 0 }, "packet.max_units": func(s *packet.Settings) { s.MaxUnits = 499 },
		"packet.daily": func(s *packet.Settings) { s.Daily = nil }, "packet.activity": func(s *packet.Settings) { s.Activity = 0 },
		"packet.return_every": func(s *packet.Settings) { s.ReturnEvery = 0 }, "packet.sends_per_minute": func(s *packet.Settings) { s.SendsPerMinute = 0 },
		"packet.grabs_per_minute": func(s *packet.Settings) { s.GrabsPerMinute = 0 }, "packet.redeem_every": func(s *packet.Settings) { s.RedeemEvery = 0 },
	} {
		if diff := cmp.Diff([]string{key}, faults(change)); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	}
	if _, err := packet.New(packet.Config{}, nil, nil, nil, nil, nil, nil, nil); err == nil {
		t.Error("a service without bounds was made")
	}
}

// TestPageOfRefusals: docs/packets.md lists every refusal as the program has it, and no other.
func TestPageOfRefusals(t *testing.T) {
	t.Parallel()
	var want strings.Builder
	want.WriteString("| reason | status | the follower reads | when |\n|---|---|---|---|\n")
	for _, r := range packet.Refusals() {
		fmt.Fprintf(&want, "| `%s` | %d | %s | %s |\n", r.Reason, r.Status, r.Text, r.When)
	}
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "packets.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), want.String()+"\n") {
		t.Errorf("docs/packets.md does not have this table:\n%s", want.String())
	}
	seen := map[string]bool{}
	for _, r := range packet.Refusals() {
		if seen[r.Reason] || seen[r.Text] || r.When == "" {
			t.Errorf("%+v is not clear", *r)
		}
		seen[r.Reason], seen[r.Text] = true, true
	}
}
