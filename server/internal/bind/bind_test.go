package bind

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server/carrier"
	"oalab/server/internal/job"
	"oalab/server/internal/message"
	"oalab/server/internal/reply"
	"oalab/server/wechat"
)

const (
	account, follower = "demo", "oFollower"
	phone             = "13800000001"
)

// world is a store, a carrier and the bindings, without a database.
type world struct {
	mu       sync.Mutex
	attempt  Attempt
	refuse   error // of Begin
	verdict  Verdict
	left     int
	numbers  []Number
	bound    map[string]string
	changes  int
	sent     []string // codes
	carrier  string   // whose numbers are
	err      error    // of the carrier
	replies  map[string]message.Reply
	password string
}

func (w *world) Begin(_ context.Context, a Attempt, _ Limits) (bool, error) {
	if w.refuse != nil {
		return false, w.refuse
	}
	again := w.attempt.Key == a.Key
	if !again {
		w.attempt = a
	}
	return again, nil
}

func (w *world) Judge(_ context.Context, _, _, _ string, right func(salt, sum []byte) bool, _ Limits) (Attempt, Verdict, int, error) {
	switch {
	case w.attempt.Key == "":
		return Attempt{}, VerdictNone, 0, nil
	case w.verdict != VerdictNone:
		return w.attempt, w.verdict, w.left, nil
	case right(w.attempt.Salt, w.attempt.Sum):
		return w.attempt, VerdictRight, 0, nil
	}
	return w.attempt, VerdictWrong, 2, nil
}

func (w *world) SaveNumber(_ context.Context, n Number) error {
	w.numbers = append(w.numbers, n)
	return nil
}

func (w *world) Bind(_ context.Context, _, openid, phone string) error {
	w.bound[openid] = phone
	return nil
}

func (w *world) Unbind(_ context.Context, _, openid string, _ time.Time) (bool, error) {
	_, was := w.bound[openid]
	delete(w.bound, openid)
	return was, nil
}

func (w *world) QueryNumber(_ context.Context, phone string) (*carrier.QueryNumberResponse, error) {
	return &carrier.QueryNumberResponse{Msisdn: phone, Carrier: w.carrier, Province: "广东", City: "深圳"}, nil
}

func (w *world) SendCode(_ context.Context, serial, _, code string, minutes int64) error {
	if len(serial) < 16 || minutes != 5 {
		return fmt.Errorf("serial %q, %d minutes", serial, minutes)
	}
	w.sent = append(w.sent, code)
	return w.err
}

func (w *world) CheckPassword(_ context.Context, _, password, _ string) (*carrier.CheckPasswordResponse, error) {
	if w.err != nil {
		return nil, w.err
	}
	if password != w.password {
		return &carrier.CheckPasswordResponse{Left: 2}, &carrier.RefusedError{Code: carrier.CodeWrongPassword}
	}
	return &carrier.CheckPasswordResponse{}, nil
}

func (w *world) Reply(_ context.Context, _, key string) (message.Reply, bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, ok := w.replies[key]
	return r, ok, nil
}

func (w *world) SaveReply(_ context.Context, _, key string, r message.Reply, _ ...job.Envelope) (message.Reply, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if stored, ok := w.replies[key]; ok {
		return stored, nil
	}
	w.replies[key] = r
	return r, nil
}

func newWorld() *world {
	return &world{bound: map[string]string{}, carrier: "mobile", replies: map[string]message.Reply{}, password: "654321"}
}

func limits() Limits { return DefaultSettings().Limits() }

func (w *world) service(t *testing.T, c Carrier) *Service {
	t.Helper()
	replies, err := reply.New(w, nil, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{Limits: limits(), Wait: time.Second, Changed: func(context.Context) { w.changes++ }}, w, w, c, replies, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// say is what a follower reads of a text; "" means that the text is about something else.
func say(t *testing.T, s *Service, key, text string) string {
	t.Helper()
	m := &message.Asked{Heard: message.Heard{Account: account, Key: key, Message: &wechat.Message{From: follower, CreateTime: 1}}, Commands: []string{text}}
	r, ok, err := s.Answer(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return ""
	}
	return textOf(r)
}

// TestBindByCode: the code that the carrier was given binds the number, and no other does.
func TestBindByCode(t *testing.T) {
	w := newWorld()
	s := w.service(t, w)
	if got := say(t, s, "m0", "123456"); got != "" {
		t.Errorf("six digits before any code: %q", got)
	}
	if got := say(t, s, "m1", "绑定 "+phone); got != sentText(phone, 5*time.Minute) || strings.Contains(got, phone) {
		t.Errorf("%q", got)
	}
	if again := say(t, s, "m1", "绑定 "+phone); again != sentText(phone, 5*time.Minute) || len(w.sent) != 1 {
		t.Errorf("the same message again: %q, %d codes sent", again, len(w.sent))
	}
	code := w.sent[0]
	if strings.Contains(string(w.attempt.Sum), code) || len(w.attempt.Sum) != 32 || len(w.attempt.Salt) != 16 {
		t.Errorf("of the code %s is kept %x with the salt %x", code, w.attempt.Sum, w.attempt.Salt)
	}
	if got := say(t, s, "m2", other(code)); got != wrongText(2) || len(w.bound) != 0 {
		t.Errorf("a wrong code: %q, bound %v", got, w.bound)
	}
	if got := say(t, s, "m3", "　"+wide(code)+" "); got != boundText(phone) || w.bound[follower] != phone || w.changes != 1 {
		t.Errorf("the code: %q, bound %v, %d changes told", got, w.bound, w.changes)
	}
	if diff := cmp.Diff([]Number{{Phone: phone, Carrier: "mobile", Province: "广东", City: "深圳"}}, w.numbers); diff != "" {
		t.Error(diff)
	}
	if got := say(t, s, "m4", "解绑"); got != textEnded || len(w.bound) != 0 || w.changes != 2 {
		t.Errorf("the end: %q", got)
	}
	if got := say(t, s, "m5", "解除绑定"); got != textNotBound || w.changes != 2 {
		t.Errorf("the end again: %q", got)
	}
}

// other is a code that is not this one.
func other(code string) string {
	if code[0] == '9' {
		return "0" + code[1:]
	}
	return "9" + code[1:]
}

// wide writes digits as a Chinese keyboard does.
func wide(digits string) string {
	return strings.Map(func(r rune) rune { return '０' + r - '0' }, digits)
}

// TestWhatAFollowerCanMeet: each trouble has an answer of its own.
func TestWhatAFollowerCanMeet(t *testing.T) {
	away := errors.New("no answer")
	seen := map[string]string{}
	for name, tt := range map[string]struct {
		text string
		set  func(*world)
		want string
	}{
		"help":                 {"绑定", func(*world) {}, textHelp},
		"help for what is odd": {"绑定 手机", func(*world) {}, textHelp},
		"short number":         {"绑定 1380000", func(*world) {}, textBadNumber},
		"no mobile number":     {"绑定 03800000001", func(*world) {}, textBadNumber},
		"no such prefix":       {"绑定 " + phone, func(w *world) { w.carrier = "" }, textNoSuchNumber},
		"refused by the carrier": {"绑定 " + phone, func(w *world) {
			w.err = fmt.Errorf("call: %w", &carrier.RefusedError{Code: carrier.CodeBusy})
		}, textNotSent},
		"carrier away":           {"绑定 " + phone, func(w *world) { w.err = away }, textPerhapsSent},
		"too soon":               {"绑定 " + phone, func(w *world) { w.refuse = ErrTooSoon }, tooSoonText(time.Minute)},
		"too many":               {"绑定 " + phone, func(w *world) { w.refuse = ErrTooMany }, textTooMany},
		"locked":                 {"绑定 " + phone, func(w *world) { w.refuse = ErrLocked }, lockedText(30 * time.Minute)},
		"expired":                {"123456", func(w *world) { w.attempt.Key, w.verdict = "k", VerdictExpired }, textExpired},
		"last wrong code":        {"123456", func(w *world) { w.attempt.Key, w.verdict = "k", VerdictLocked }, lockedText(30 * time.Minute)},
		"password":               {"绑定 " + phone + " 654321", func(*world) {}, boundText(phone)},
		"wrong password":         {"绑定 " + phone + " 000000", func(*world) {}, wrongPasswordText(2)},
		"password locked":        {"绑定 " + phone + " 654321", refusing(carrier.CodeLocked), textPasswordLocked},
		"another carrier's":      {"绑定 " + phone + " 654321", refusing(carrier.CodeOtherCarrier), textOtherCarrier},
		"password, carrier away": {"绑定 " + phone + " 654321", func(w *world) { w.err = away }, textAway},
		"something else":         {"绑定手机有什么用", func(*world) {}, ""},
		"no word of it":          {"查流量", func(*world) {}, ""},
	} {
		w := newWorld()
		tt.set(w)
		if got := say(t, w.service(t, w), "m1", tt.text); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
		seen[tt.want] += name + ", "
	}
	if got := say(t, newWorld().service(t, nil), "m1", "绑定 "+phone); got != textAway {
		t.Errorf("without a carrier: %q", got)
	}
	if len(seen) < 14 {
		t.Errorf("troubles share answers: %v", seen)
	}
}

func refusing(c carrier.Code) func(*world) {
	return func(w *world) { w.err = &carrier.RefusedError{Code: c} }
}

func TestPrivate(t *testing.T) {
	for text, want := range map[string]bool{
		"123456": true, " １２３４５６ ": true, "绑定 13800000001 123456": true, "绑定13800000001，123456": true,
		"12345": false, "1234567": false, "绑定 13800000001": false, "查流量": false, "": false,
	} {
		if got := Private(text); got != want {
			t.Errorf("%q is private: %t, want %t", text, got, want)
		}
	}
}

// FuzzParse: no text makes the reader fail, and what it takes for a number and for a secret
// are digits.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"绑定 13800000001 123456", "解绑", "１２３４５６", "绑定", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		w := parse(text)
		if w.phone != "" && !isDigits(w.phone) || w.secret != "" && !isSecret(w.secret) || Private(text) != (w.secret != "") {
			t.Fatalf("%q: %+v", text, w)
		}
	})
}

func TestCodesAreDrawn(t *testing.T) {
	seen := map[string]bool{}
	for range 2000 {
		c := newCode()
		if !isSecret(c) {
			t.Fatalf("code %q", c)
		}
		seen[c] = true
	}
	if len(seen) < 1980 {
		t.Errorf("%d different codes of 2000", len(seen))
	}
	if _, err := New(Config{}, nil, nil, nil, nil, nil); err == nil {
		t.Error("a service without limits")
	}
}
