package mockwechat

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"oalab/mockwechat/ledger"
	"oalab/mockwechat/platform"
)

// MOCKW-5: every rule has a client that breaks it and is refused with the
// platform's own code. What the pusher refuses is in pusher_test.go and reply_test.go.

func TestWrongCredentialsAreRefused(t *testing.T) {
	const get = "/cgi-bin/token?"
	const post = "/cgi-bin/stable_token"
	tests := []struct {
		name string
		path string
		body any
		want platform.Code
	}{
		{"no appid", get + "grant_type=client_credential&secret=s3cret", nil, platform.CodeMissingAppID},
		{"unknown appid", get + "grant_type=client_credential&appid=wxunknown&secret=s3cret", nil, platform.CodeInvalidAppID},
		{"the appid is judged first", get + "grant_type=nonsense&appid=wxunknown", nil, platform.CodeInvalidAppID},
		{"wrong grant type", get + "grant_type=password&appid=wxdemo&secret=s3cret", nil, platform.CodeInvalidGrantType},
		{"no secret", get + "grant_type=client_credential&appid=wxdemo", nil, platform.CodeMissingSecret},
		{"wrong secret", get + "grant_type=client_credential&appid=wxdemo&secret=guess", nil, platform.CodeInvalidSecret},
		{"another account's secret", get + "grant_type=client_credential&appid=wxdemo&secret=another", nil, platform.CodeInvalidSecret},
		{"stable by GET", post, nil, platform.CodeRequirePost},
		{"stable without body", post, " ", platform.CodeEmptyPost},
		{"stable not JSON", post, "appid=wxdemo", platform.CodeDataFormat},
		{"stable wrong types", post, `{"appid":7}`, platform.CodeDataFormat},
		{"stable no appid", post, `{"grant_type":"client_credential","secret":"s3cret"}`, platform.CodeMissingAppID},
		{"stable unknown appid", post, `{"grant_type":"client_credential","appid":"wxunknown","secret":"s3cret"}`, platform.CodeInvalidAppID},
		{"stable wrong grant type", post, `{"grant_type":"x","appid":"wxdemo","secret":"s3cret"}`, platform.CodeInvalidGrantType},
		{"stable wrong secret", post, `{"grant_type":"client_credential","appid":"wxdemo","secret":"guess"}`, platform.CodeInvalidSecret},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, Limits{})
			b.wantCode(b.call(test.path, test.body), test.want)
			if last := b.last(); last.Token != "" {
				t.Errorf("a refused call got token %s", last.Token)
			}
		})
	}
}

func TestDeadTokensAreRefused(t *testing.T) {
	tests := []struct {
		name  string
		token func(*bench) string
		want  platform.Code
		state ledger.TokenState
	}{
		{"missing", func(*bench) string { return "" }, platform.CodeMissingToken, ledger.TokenNone},
		{"malformed", func(*bench) string { return "not a token!" }, platform.CodeInvalidToken, ledger.TokenDead},
		{"unknown", func(*bench) string { return "76_abcdefghijklmnop" }, platform.CodeInvalidCredential, ledger.TokenDead},
		{"run out", func(b *bench) string {
			token := b.token()
			b.clock.advance(DefaultTokenLifetime)
			return token
		}, platform.CodeTokenExpired, ledger.TokenDead},
		{"replaced longer than the overlap ago", func(b *bench) string {
			token := b.plain("wxdemo", "s3cret").Token
			b.plain("wxdemo", "s3cret")
			b.clock.advance(5 * time.Minute)
			return token
		}, platform.CodeInvalidCredential, ledger.TokenDead},
		{"forced out", func(b *bench) string {
			token := b.token()
			b.stable(true)
			return token
		}, platform.CodeInvalidCredential, ledger.TokenDead},
		{"of an account under another name", func(b *bench) string {
			token, renamed := b.token(), demoAccount()
			renamed.Name = "renamed"
			if err := b.SetAccounts([]Account{renamed}); err != nil {
				b.t.Fatal(err)
			}
			return token
		}, platform.CodeInvalidCredential, ledger.TokenDead},
		{"of an account that is gone", func(b *bench) string {
			token := b.token()
			if err := b.SetAccounts([]Account{otherAccount()}); err != nil {
				b.t.Fatal(err)
			}
			return token
		}, platform.CodeInvalidCredential, ledger.TokenDead},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, Limits{})
			b.wantCode(b.template(test.token(b), nil), test.want)
			if last := b.last(); last.TokenState != test.state || last.Effect != ledger.EffectRefused {
				t.Errorf("ledger says token %q, effect %q; want %q, refused", last.TokenState, last.Effect, test.state)
			}
		})
	}
}

func TestWrongTemplateMessagesAreRefused(t *testing.T) {
	gone := crowd.OpenID(9)
	foreign := Followers{Count: 100, Seed: 6}.OpenID(3) // follows the other account
	tests := []struct {
		name   string
		change map[string]any
		want   platform.Code
	}{
		{"no openid", map[string]any{"touser": ""}, platform.CodeInvalidOpenID},
		{"malformed openid", map[string]any{"touser": "o123"}, platform.CodeInvalidOpenID},
		{"foreign openid", map[string]any{"touser": foreign}, platform.CodeInvalidOpenID},
		{"openid outside the crowd", map[string]any{"touser": crowd.OpenID(100)}, platform.CodeInvalidOpenID},
		{"has unsubscribed", map[string]any{"touser": gone}, platform.CodeRequireSubscribe},
		{"unknown template", map[string]any{"template_id": "nope"}, platform.CodeInvalidTemplate},
		{"no data", map[string]any{"data": map[string]any{}}, platform.CodeArgument},
		{"empty value", map[string]any{"data": map[string]any{"first": map[string]any{"value": " "}}}, platform.CodeArgument},
		{"no value", map[string]any{"data": map[string]any{"first": map[string]any{"color": "#000"}}}, platform.CodeArgument},
		{"wrong type", map[string]any{"data": "text"}, platform.CodeDataFormat},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, Limits{})
			b.active(Message{OpenID: gone, Event: "unsubscribe"})
			b.wantCode(b.template(b.token(), test.change), test.want)
			if last := b.last(); last.Effect != ledger.EffectRefused || last.Content != "" {
				t.Errorf("ledger says effect %q, content %q", last.Effect, last.Content)
			}
		})
	}
}

func TestWrongCustomMessagesAreRefused(t *testing.T) {
	openID := crowd.OpenID(1)
	tests := []struct {
		name string
		body any
		want platform.Code
	}{
		{"not JSON", "{", platform.CodeDataFormat},
		{"empty", " ", platform.CodeEmptyPost},
		{"foreign openid", map[string]any{"touser": "o" + strings.Repeat("x", 27), "msgtype": "text"}, platform.CodeInvalidOpenID},
		{"unknown type", map[string]any{"touser": openID, "msgtype": "telepathy"}, platform.CodeInvalidMessageType},
		{"no object", map[string]any{"touser": openID, "msgtype": "text"}, platform.CodeDataFormat},
		{"empty text", map[string]any{"touser": openID, "msgtype": "text", "text": map[string]any{"content": ""}}, platform.CodeEmptyContent},
		{"list as text", map[string]any{"touser": openID, "msgtype": "text", "text": map[string]any{"content": []string{"a"}}}, platform.CodeEmptyContent},
		{"long text", map[string]any{"touser": openID, "msgtype": "text", "text": map[string]any{"content": strings.Repeat("字", 700)}}, platform.CodeContentSize},
		{"text of 2 048 bytes", map[string]any{"touser": openID, "msgtype": "text", "text": map[string]any{"content": strings.Repeat("a", 2048)}}, platform.CodeContentSize},
		{"the longest text", map[string]any{"touser": openID, "msgtype": "text", "text": map[string]any{"content": strings.Repeat("a", 2047)}}, platform.CodeOK},
		{"no media", map[string]any{"touser": openID, "msgtype": "image", "image": map[string]any{}}, platform.CodeInvalidMedia},
		{"two articles", map[string]any{"touser": openID, "msgtype": "news", "news": map[string]any{"articles": []any{1, 2}}}, platform.CodeEmptyNews},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, Limits{})
			b.active(Message{OpenID: openID, Content: "你好"})
			b.wantCode(b.call("/cgi-bin/message/custom/send?access_token="+b.token(), test.body), test.want)
		})
	}
}

func TestWrongVerbsAreRefused(t *testing.T) {
	b := newBench(t, Limits{})
	token := b.token()
	b.wantCode(b.call("/cgi-bin/message/custom/send?access_token="+token, nil), platform.CodeRequirePost)
	b.wantCode(b.call("/cgi-bin/message/template/send?access_token="+token, nil), platform.CodeRequirePost)
}

func TestUnknownPathIsNoAPI(t *testing.T) {
	b := newBench(t, Limits{})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/cgi-bin/nothing", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusNotFound {
		t.Errorf("status %d, want 404", w.Code)
	}
}
