package oauth_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Expires int    `json:"expires_in"`
}

// tokens asks for tokens by the cookie.
func (b *browser) tokens() tokens {
	b.g.t.Helper()
	var got tokens
	if status := b.api(http.MethodPost, "token", "", &got); status != http.StatusOK || got.Access == "" || got.Refresh == "" {
		b.g.t.Fatalf("tokens: %d %+v", status, got)
	}
	return got
}

func (b *browser) refresh(token string) (got tokens, status int) {
	b.g.t.Helper()
	status = b.api(http.MethodPost, "refresh", `{"refresh_token":"`+token+`"}`, &got)
	return got, status
}

// TestTheSchemeHasNoCase: RFC 9110, 11.1.
func TestTheSchemeHasNoCase(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	b := g.browser()
	b.login("", "C1")
	token := b.tokens().Access
	for _, scheme := range []string{"Bearer", "bearer", "BEARER"} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, base+"/api/v1/login/demo/me", http.NoBody)
		r.Header.Set("Authorization", scheme+" "+token)
		w := httptest.NewRecorder()
		g.handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d", scheme, w.Code)
		}
	}
}

// asks is a caller without cookies.
func (g *rig) asks(token string) int {
	g.t.Helper()
	b := g.browser()
	b.bearer = token
	_, status := b.me()
	return status
}

// publicKey verifies as another host does: by the published keys alone.
func publicKey(t *testing.T, g *rig) jwt.Keyfunc {
	t.Helper()
	var set struct {
		Keys []struct{ Kty, Crv, Alg, Kid, X string }
	}
	if err := json.Unmarshal(g.browser().get("/api/v1/login/demo/keys").Body.Bytes(), &set); err != nil {
		t.Fatal(err)
	}
	return func(token *jwt.Token) (any, error) {
		for _, k := range set.Keys {
			if k.Kid == token.Header["kid"] && k.Kty == "OKP" && k.Crv == "Ed25519" && k.Alg == "EdDSA" {
				raw, err := base64.RawURLEncoding.DecodeString(k.X)
				return ed25519.PublicKey(raw), err
			}
		}
		return nil, jwt.ErrTokenUnverifiable
	}
}

// TestTokens: a token tells the API who the follower is, for ten minutes; other hosts verify
// it by the published keys (OAU-4).
func TestTokens(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t)
		b := g.browser()
		b.login("", "C1")
		got := b.tokens()
		if g.asks(got.Access) != http.StatusOK || got.Expires != 600 {
			t.Errorf("%d, expires in %d", g.asks(got.Access), got.Expires)
		}
		claims := jwt.MapClaims{}
		if _, err := jwt.ParseWithClaims(got.Access, claims, publicKey(t, g), jwt.WithValidMethods([]string{"EdDSA"}), jwt.WithAudience("demo")); err != nil || claims["sub"] != "oFollower" {
			t.Errorf("another host: %v, %v", err, claims)
		}
		<-time.After(10*time.Minute + time.Second)
		if status := g.asks(got.Access); status != http.StatusUnauthorized {
			t.Errorf("after its life: %d", status)
		}
		next, status := g.browser().refresh(got.Refresh)
		if status != http.StatusOK || g.asks(next.Access) != http.StatusOK {
			t.Errorf("refreshed: %d", status)
		}
		if status := g.browser().api(http.MethodPost, "refresh", "no JSON", nil); status != http.StatusBadRequest {
			t.Errorf("no JSON: %d", status)
		}
	})
}

// TestATokenBringsNoFurtherOnes: a token that was copied is over after ten minutes. Only the
// browser's cookie and the refresh token bring tokens.
func TestATokenBringsNoFurtherOnes(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	b := g.browser()
	b.login("", "C1")
	thief := g.browser()
	thief.bearer = b.tokens().Access
	var got tokens
	if status := thief.api(http.MethodPost, "token", "", &got); status != http.StatusUnauthorized || got.Refresh != "" {
		t.Errorf("tokens for a token: %d, refresh token given: %t", status, got.Refresh != "")
	}
}

// TestForgedTokens: `alg: none`, another algorithm over the published key, a forged kid and
// what else is tried are refused.
func TestForgedTokens(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	b := g.browser()
	b.login("", "C1")
	good := b.tokens()
	parsed, err := jwt.ParseWithClaims(good.Access, jwt.MapClaims{}, publicKey(t, g))
	if err != nil {
		t.Fatal(err)
	}
	public, err := publicKey(t, g)(parsed)
	if err != nil {
		t.Fatal(err)
	}
	raw, ok := public.(ed25519.PublicKey)
	if !ok {
		t.Fatal("no Ed25519 key")
	}
	_, foreign, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	claims, _ := parsed.Claims.(jwt.MapClaims)
	forge := func(method jwt.SigningMethod, key any, header map[string]any, change jwt.MapClaims) string {
		t.Helper()
		c := maps.Clone(claims)
		maps.Copy(c, change)
		token := jwt.NewWithClaims(method, c)
		maps.Copy(token.Header, header)
		text, err := token.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	kid := map[string]any{"kid": parsed.Header["kid"]}
	parts := strings.Split(good.Access, ".")
	for name, token := range map[string]string{
		"alg none":               forge(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, kid, nil),
		"no signature":           parts[0] + "." + parts[1] + ".",
		"HMAC by the public key": forge(jwt.SigningMethodHS256, []byte(raw), kid, nil),
		"a key of their own":     forge(jwt.SigningMethodEdDSA, foreign, kid, nil),
		"a forged kid":           forge(jwt.SigningMethodEdDSA, foreign, map[string]any{"kid": "../../dev/null"}, nil),
		"a kid of another type":  forge(jwt.SigningMethodEdDSA, foreign, map[string]any{"kid": 7}, nil),
		"no kid":                 forge(jwt.SigningMethodEdDSA, foreign, nil, nil),
		"a key in the header":    forge(jwt.SigningMethodEdDSA, foreign, map[string]any{"jwk": "x", "jku": "https://evil.example"}, nil),
		"other claims":           parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"oOther"}`)) + "." + parts[2],
		"a refresh token":        good.Refresh, "nothing": "", "no token": "x", "long": strings.Repeat("x.", 5000),
	} {
		b := g.browser()
		b.bearer = token
		if token == "" {
			b.bearer = " "
		}
		if _, status := b.me(); status != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, status)
		}
	}
	if g.asks(good.Access) != http.StatusOK {
		t.Error("the good token is refused too: the test shows nothing")
	}
	// A token of one account is none of another.
	other := g.browser()
	other.bearer = good.Access
	if w := other.get("/api/v1/login/second/me"); w.Code != http.StatusUnauthorized {
		t.Errorf("at another account: %d", w.Code)
	}
	if w := other.send(http.MethodPost, "/api/v1/login/second/refresh", `{"refresh_token":"`+good.Refresh+`"}`); w.Code != http.StatusUnauthorized {
		t.Errorf("refreshed at another account: %d", w.Code)
	}
}

// TestRevocation: a session that has ended takes its tokens with it, and a refresh token that
// comes again long after its use was copied.
func TestRevocation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, testRevocation)
}

func testRevocation(t *testing.T) {
	g := newRig(t)
	for name, end := range map[string]func(b *browser, got tokens){
		"logout": func(b *browser, _ tokens) { b.send(http.MethodPost, "/oauth/demo/logout", "") },
		"revoke by the token": func(_ *browser, got tokens) {
			api := g.browser()
			api.bearer = got.Access
			if status := api.api(http.MethodPost, "revoke", "", nil); status != http.StatusOK {
				t.Errorf("revoke: %d", status)
			}
		},
		"refresh token used again after a minute": func(_ *browser, got tokens) {
			if _, status := g.browser().refresh(got.Refresh); status != http.StatusOK {
				t.Errorf("the first one: %d", status)
			}
			<-time.After(time.Minute)
			if _, status := g.browser().refresh(got.Refresh); status != http.StatusUnauthorized {
				t.Errorf("the second one: %d", status)
			}
		},
	} {
		b := g.browser()
		b.login("", "C1")
		got := b.tokens()
		second := b.tokens()
		if g.asks(got.Access) != http.StatusOK {
			t.Errorf("%s: refused before", name)
		}
		end(b, got)
		if status := g.asks(got.Access); status != http.StatusUnauthorized {
			t.Errorf("%s: the token is good: %d", name, status)
		}
		if _, status := g.browser().refresh(second.Refresh); status != http.StatusUnauthorized {
			t.Errorf("%s: the refresh token is good: %d", name, status)
		}
	}
}

// TestALostAnswerOfARefresh: a page whose refresh was not answered asks again and goes on. After
// the grace the token is one that was copied, however often it came before.
func TestALostAnswerOfARefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newRig(t)
		b := g.browser()
		b.login("", "C1")
		got := b.tokens()
		if _, status := g.browser().refresh(got.Refresh); status != http.StatusOK {
			t.Fatalf("the answer that is lost: %d", status)
		}
		<-time.After(10 * time.Second)
		next, status := g.browser().refresh(got.Refresh)
		if status != http.StatusOK || g.asks(next.Access) != http.StatusOK {
			t.Fatalf("asked again: %d", status)
		}
		<-time.After(25 * time.Second)
		if _, status := g.browser().refresh(got.Refresh); status != http.StatusUnauthorized {
			t.Errorf("a copy: %d", status)
		}
		if status := g.asks(next.Access); status != http.StatusUnauthorized {
			t.Errorf("the session after a copy came: %d", status)
		}
	})
}

// TestKeysRotate: what the previous key has made is good until the next change.
func TestKeysRotate(t *testing.T) {
	t.Parallel()
	g := newRig(t)
	b := g.browser()
	b.login("", "C1")
	old := b.tokens()
	half := g.browser() // under way while the key changes
	state := half.start("?return=/c/demo/x")
	g.settings.Key, g.settings.PreviousKey = "another key of at least 32 characters", key
	g.serve()
	if status := g.asks(old.Access); status != http.StatusOK {
		t.Errorf("a token of the previous key: %d", status)
	}
	fresh, status := g.browser().refresh(old.Refresh)
	if status != http.StatusOK || strings.Split(fresh.Access, ".")[0] == strings.Split(old.Access, ".")[0] {
		t.Errorf("refreshed: %d, kid as before: %t", status, strings.Split(fresh.Access, ".")[0] == strings.Split(old.Access, ".")[0])
	}
	if _, status := b.me(); status != http.StatusOK {
		t.Errorf("the session: %d", status)
	}
	want(t, "a login under way", half.get(back(state, "C2")), http.StatusFound, "/c/demo/x")
	g.settings.Key, g.settings.PreviousKey = "a third key of at least 32 characters", "another key of at least 32 characters"
	g.serve()
	if status := g.asks(old.Access); status != http.StatusUnauthorized {
		t.Errorf("a token of a key that is gone: %d", status)
	}
}
