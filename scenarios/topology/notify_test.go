package topology

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/scenarios/topology/container"
)

// letters are the mails that a server got.
type letters struct {
	mu  sync.Mutex
	got []letter
}

type letter struct{ from, to, text string }

// about are the letters with a subject.
func (l *letters) about(subject string) []letter {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []letter
	for _, m := range l.got {
		if strings.Contains(m.text, "\r\nSubject: "+subject+"\r\n") {
			out = append(out, m)
		}
	}
	return out
}

// serveMail is an SMTP server (RFC 5321) on an address of this machine.
func (l *letters) serveMail(t *testing.T, host string) (addr string) {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", net.JoinHostPort(host, "0"))
	must(t, err)
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return // closed
			}
			all.Go(func() {
				defer conn.Close()
				_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
				if err := l.talk(conn); err != nil {
					t.Errorf("a conversation about mail: %v", err)
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		all.Wait()
	})
	return ln.Addr().String()
}

func (l *letters) talk(conn io.ReadWriter) error {
	var m letter
	lines := bufio.NewReader(conn)
	_, _ = io.WriteString(conn, "220 mail.test\r\n")
	for {
		line, err := lines.ReadString('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		line = strings.TrimRight(line, "\r\n")
		verb, rest, _ := strings.Cut(line, " ")
		answer := "250 ok"
		switch strings.ToUpper(verb) {
		case "EHLO", "HELO":
		case "MAIL":
			m.from = rest
		case "RCPT":
			m.to = rest
		case "DATA":
			_, _ = io.WriteString(conn, "354 go on\r\n")
			for {
				text, err := lines.ReadString('\n')
				if err != nil {
					return fmt.Errorf("in the mail: %w", err)
				}
				if text == ".\r\n" {
					break
				}
				m.text += text
			}
			l.mu.Lock()
			l.got = append(l.got, m)
			l.mu.Unlock()
		case "QUIT":
			_, _ = io.WriteString(conn, "221 bye\r\n")
			return nil
		default:
			answer = "502 what?"
		}
		_, _ = io.WriteString(conn, answer+"\r\n")
	}
}

// change is what the webhook is told.
type change struct {
	Host     string `json:"host"`
	Instance string `json:"instance"`
	State    string `json:"state"`
	Priority int    `json:"priority"`
}

// TestAdministratorIsTold: a take-over reaches the administrator by webhook and by mail
// (DIS-1).
func TestAdministratorIsTold(t *testing.T) {
	var mails letters
	var mu sync.Mutex
	var told []change
	hook := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var c change
		if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
			t.Errorf("the webhook is told something else than JSON: %v", err)
		}
		mu.Lock()
		defer mu.Unlock()
		told = append(told, c)
	})
	var smtp, url string
	d := startPair(t, Layout{}, http.HandlerFunc(success), func(d *docker, s *container.Spec) {
		if smtp == "" {
			smtp, url = "smtp://"+mails.serveMail(t, d.network.Gateway().String()), "http://"+listen(t, d, hook)+"/hook"
		}
		s.Env["NOTIFY_URL"], s.Env["NOTIFY_SMTP"], s.Env["NOTIFY_MAIL_TO"] = url, smtp, "admin@example.org"
	})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	took := change{Host: "lb2", Instance: "VI_1", State: "MASTER", Priority: 253}
	count := func() int {
		mu.Lock()
		defer mu.Unlock()
		n := 0
		for _, c := range told {
			if cmp.Equal(c, took) {
				n++
			}
		}
		return n
	}
	const subject = "lb2 is MASTER of VI_1"
	// The second host may have had the address for a moment while both started.
	hooks, letters := count(), len(mails.about(subject))
	must(t, d.hosts[HostLB1].Kill(ctx))
	must(t, poll(ctx, "the take-over is told by webhook and mail", func(context.Context) error {
		if h, l := count(), len(mails.about(subject)); h <= hooks || l <= letters {
			return fmt.Errorf("%d calls after %d, %d mails after %d", h, hooks, l, letters)
		}
		return nil
	}))
	got := mails.about(subject)[0]
	if got.from != "FROM:<keepalived@lb2>" || got.to != "TO:<admin@example.org>" {
		t.Errorf("envelope from %q to %q", got.from, got.to)
	}
	m, err := mail.ReadMessage(strings.NewReader(got.text))
	must(t, err)
	if at, err := m.Header.Date(); err != nil || time.Since(at).Abs() > time.Minute {
		t.Errorf("date %v, %v", at, err)
	}
	body, err := io.ReadAll(m.Body)
	must(t, err)
	if !strings.HasPrefix(string(body), "lb2 is MASTER of VI_1 now, with priority 253.\r\n") {
		t.Errorf("body %q", body)
	}
}
