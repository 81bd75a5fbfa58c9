package mockwechat

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"oalab/mockwechat/ledger"
)

// maxBody is the longest request body that the platform reads.
const maxBody = 1 << 20

// request is one API call under way.
type request struct {
	*http.Request
	p     *Platform
	body  []byte
	acc   *account // nil: the call names no account the platform knows
	token *issued  // nil: no token that the platform has given out
	now   time.Time
	line  ledger.Call
}

// answer is what the platform says: an error code, or a success with its fields.
type answer struct {
	code   Code
	detail string // replaces the code's text
	fields any    // of a success; nil means {"errcode":0,"errmsg":"ok"}
}

func refuse(code Code) answer { return answer{code: code} }

// endpoint is one API of the platform.
type endpoint struct {
	post   bool // POST alone; otherwise GET and POST
	public bool // needs no access token
	// account finds whose call it is when no token says so.
	account func(*request) *account
	serve   func(*request) answer
	// message: the call sends something to a follower.
	message bool
}

// endpoints are the APIs by path.
var endpoints = map[string]endpoint{
	"/cgi-bin/token":                 {public: true, account: tokenCaller, serve: serveToken},
	"/cgi-bin/stable_token":          {public: true, post: true, account: stableCaller, serve: serveStableToken},
	"/cgi-bin/message/template/send": {post: true, serve: serveTemplate, message: true},
	"/cgi-bin/message/custom/send":   {post: true, serve: serveCustom, message: true},
}

func (p *Platform) serveAPI(w http.ResponseWriter, r *http.Request) {
	e, ok := endpoints[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return // the client has gone or sends without end: nothing was asked
	}
	req := &request{Request: r, p: p, body: body}
	req.identify(e)
	rule := p.decide(r.URL.Path, strings.TrimPrefix(r.URL.Path, "/cgi-bin/"), req.line.Account)
	req.play(w, e, rule)
}

// identify finds out who calls, without judging it.
func (r *request) identify(e endpoint) {
	r.line = ledger.Call{Kind: ledger.KindAPI, Path: r.URL.Path}
	if e.account != nil {
		r.acc = e.account(r)
	} else if token := r.URL.Query().Get("access_token"); token != "" {
		r.line.Token = Digest(token)
		r.token, r.acc = r.p.tokenNamed(token)
	}
	if r.acc != nil {
		r.line.Account = r.acc.cfg.Name
	}
}

// run lets the endpoint do its work and records it before anybody hears of it.
// injected, when it is not 0, is answered in place of the endpoint; answered is
// the status that the client will read, 0 when it will read none.
func (r *request) run(e endpoint, injected Code, answered int) answer {
	r.now = r.p.now()
	r.line.At, r.line.Status = r.now, answered
	r.line.Effect, r.line.OpenID, r.line.ClientMsgID, r.line.MsgID, r.line.Content = "", "", "", "", ""
	r.line.TokenIssue, r.line.ExpiresInS = "", 0
	a := r.judgeToken(e)
	if injected != CodeOK {
		a = refuse(injected)
	}
	if a.code == CodeOK {
		a = r.serve(e)
	}
	r.line.ErrCode = int(a.code)
	if a.code != CodeOK && e.message {
		r.line.Effect = ledger.EffectRefused
	}
	if err := r.p.record(&r.line); err != nil {
		return answer{code: CodeSystem, detail: "system error: the ledger cannot be written"}
	}
	return a
}

func (r *request) serve(e endpoint) answer {
	switch {
	case e.post && r.Method != http.MethodPost:
		return refuse(CodeRequirePost)
	case !e.post && r.Method != http.MethodGet && r.Method != http.MethodPost:
		return refuse(CodeRequireGet)
	case e.post && len(bytes.TrimSpace(r.body)) == 0:
		return refuse(CodeEmptyPost)
	}
	return e.serve(r)
}

// judgeToken refuses a call whose access token is missing, unknown or dead.
func (r *request) judgeToken(e endpoint) answer {
	if e.public {
		return answer{}
	}
	text := r.URL.Query().Get("access_token")
	switch {
	case text == "":
		return refuse(CodeMissingToken)
	case strings.ContainsFunc(text, func(c rune) bool { return c > 'z' || indexValue(byte(c)) < 0 }):
		r.line.TokenState = ledger.TokenDead
		return refuse(CodeInvalidToken)
	case r.token == nil || r.acc == nil:
		r.line.TokenState = ledger.TokenDead
		return refuse(CodeInvalidCredential)
	}
	r.token.memory.mu.Lock()
	defer r.token.memory.mu.Unlock()
	state, code := r.token.judge(r.now)
	r.line.TokenState = state
	return refuse(code)
}

// decode reads a JSON body; unknown keys are what clients send, and are ignored.
func (r *request) decode(v any) bool { return json.Unmarshal(r.body, v) == nil }

// encode writes an answer the way the platform does.
func (p *Platform) encode(a answer) []byte {
	if a.code == CodeOK && a.fields != nil {
		b, err := json.Marshal(a.fields)
		if err == nil {
			return b
		}
		a = answer{code: CodeSystem, detail: err.Error()}
	}
	if a.code == CodeOK {
		return []byte(`{"errcode":0,"errmsg":"ok"}`)
	}
	text := a.detail
	if text == "" {
		text = a.code.Text()
	}
	return a.code.body(text + " rid: " + p.rid())
}
