// Package api owns the platform's HTTP APIs: one table of endpoints, one file for a family,
// the rules by which a call is refused with the platform's code, and the faults that a test
// injects. Every call is in the ledger before its answer is out (MOCKW-1, MOCKW-5).
package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"oalab/mockwechat/ledger"
	"oalab/mockwechat/message"
	"oalab/mockwechat/platform"
)

// request is one API call under way.
type request struct {
	*http.Request
	s     *Server
	p     *platform.Platform
	body  []byte
	acc   *platform.Official // nil: the call names no account the platform knows
	token *platform.Issued   // nil: no token that the platform has given out
	now   time.Time
	line  ledger.Call
	rule  string // that the call breaks
}

// answer is what the platform says: an error code, or a success with its fields.
type answer struct {
	code   platform.Code
	detail string // replaces the code's text
	fields any    // all that is said; nil: code and text alone
	file   *file  // of a success that is no JSON
}

// file is an answer that is no JSON.
type file struct {
	contentType string
	name        string // for Content-Disposition
	body        []byte
}

func refuse(code platform.Code) answer { return answer{code: code} }

// Server serves the platform's APIs.
type Server struct {
	p       *platform.Platform
	done    context.Context // ends everything that would wait for long
	tell    Tell
	lenient map[string]bool // rules that are not enforced

	endpoints map[string]endpoint
}

// Tell sends an account's callback what the platform itself has to report.
type Tell func(*platform.Official, message.Message)

// New serves the APIs of a platform; ctx ends what waits when the platform stops. It fails
// for a lenient rule that does not exist.
func New(ctx context.Context, p *platform.Platform, tell Tell, lenient []string) (*Server, error) {
	s := &Server{p: p, done: ctx, tell: tell, lenient: map[string]bool{}, endpoints: endpointTable()}
	for _, rule := range lenient {
		if _, ok := refusals[rule]; !ok {
			return nil, fmt.Errorf("%w: no rule is called %q", platform.ErrConfig, rule)
		}
		s.lenient[rule] = true
	}
	return s, nil
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e, ok := s.endpoints[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, e.bodyLimit()))
	if err != nil {
		if _, long := errors.AsType[*http.MaxBytesError](err); long { // the platform answers before the rest has come
			w.Header().Set("Content-Type", contentJSON)
			_, _ = w.Write(s.encode(refuse(platform.CodeMediaSize)))
		}
		return // nothing was asked
	}
	req := &request{Request: r, s: s, p: s.p, body: body}
	req.identify(e)
	rule := s.p.Decide(r.URL.Path, strings.TrimPrefix(r.URL.Path, "/cgi-bin/"), req.line.Account)
	req.play(w, e, rule)
}

// identify finds out who calls, without judging it.
func (r *request) identify(e endpoint) {
	r.line = ledger.Call{Kind: ledger.KindAPI, Path: r.URL.Path}
	if e.account != nil {
		r.acc = e.account(r)
	} else if token := r.bears(e); token != "" {
		r.line.Token = platform.Digest(token)
		r.token, r.acc = r.p.TokenNamed(token)
	}
	if r.acc != nil {
		r.line.Account = r.acc.Config.Name
	}
}

// run lets the endpoint do its work and records it before it is heard of.
// injected, when it is not 0, is answered in place of the endpoint; answered is
// the status that the client will read, 0 when it will read none.
func (r *request) run(e endpoint, injected platform.Code, answered int) answer {
	r.now = r.p.Now()
	r.line.At, r.line.Status = r.now, answered
	r.line.Effect, r.line.OpenID, r.line.ClientMsgID, r.line.MsgID, r.line.Content = "", "", "", "", ""
	r.line.TokenIssue, r.line.ExpiresInS = "", 0
	r.rule = ""
	a := r.judgeToken(e)
	if injected != platform.CodeOK {
		a = refuse(injected)
	}
	if a.code == platform.CodeOK {
		a = r.serve(e)
	}
	r.line.ErrCode, r.line.Rule = int(a.code), r.rule
	if a.code != platform.CodeOK && e.message {
		r.line.Effect = ledger.EffectRefused
	}
	if err := r.p.Record(&r.line); err != nil {
		return answer{code: platform.CodeSystem, detail: "system error: the ledger cannot be written"}
	}
	return a
}

func (r *request) serve(e endpoint) answer {
	switch {
	case r.breaks("verb-post", e.post && r.Method != http.MethodPost),
		r.breaks("verb-get", !e.post && r.Method != http.MethodGet && r.Method != http.MethodPost),
		r.breaks("body-empty", e.post && !e.bare && len(bytes.TrimSpace(r.body)) == 0),
		r.breaks("api-unauthorized", r.acc != nil && !e.needs.met(r.acc.Config)),
		r.breaks("quota-day", e.perDay > 0 && !r.spendCall(e.perDay)):
		return r.refusal()
	}
	return e.serve(r)
}

// spendCall uses up one call of the account's daily quota of this API. An account that is
// not known has none.
func (r *request) spendCall(perDay int) bool {
	if r.acc == nil {
		return true
	}
	if own := r.acc.Config.QuotaPerDay; own > 0 {
		perDay = own
	}
	return r.acc.TakeCall(r.URL.Path, r.now, perDay)
}

// judgeToken refuses a call whose access token is missing, unknown or dead.
func (r *request) judgeToken(e endpoint) answer {
	if e.public {
		return answer{}
	}
	text := r.bears(e)
	switch {
	case text == "":
		return refuse(platform.CodeMissingToken)
	case !platform.TokenLetters(text):
		r.line.TokenState = ledger.TokenDead
		return refuse(platform.CodeInvalidToken)
	case r.token == nil || r.acc == nil:
		r.line.TokenState = ledger.TokenDead
		return refuse(platform.CodeInvalidCredential)
	}
	state, code := r.token.Judge(r.now)
	r.line.TokenState = state
	if r.breaks("token-dead", code != platform.CodeOK) {
		return refuse(code)
	}
	return r.judgeComponent(e)
}

// bears is the access token of a call. A third-party platform may call its own by either name.
func (r *request) bears(e endpoint) string {
	q := r.URL.Query()
	if e.component && q.Has("component_access_token") {
		return q.Get("component_access_token")
	}
	return q.Get("access_token")
}

// decode reads a JSON body; unknown keys are what clients send, and are ignored.
func (r *request) decode(v any) bool { return json.Unmarshal(r.body, v) == nil }

// encode writes an answer the way the platform does.
func (s *Server) encode(a answer) []byte {
	if a.fields != nil {
		b, err := json.Marshal(a.fields)
		if err == nil {
			return b
		}
		a = answer{code: platform.CodeSystem, detail: err.Error()}
	}
	if a.code == platform.CodeOK {
		return []byte(`{"errcode":0,"errmsg":"ok"}`)
	}
	text := a.detail
	if text == "" {
		text = a.code.Text()
	}
	return a.code.Body(text + " rid: " + s.p.RID())
}
