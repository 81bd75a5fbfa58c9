package oauth

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"time"
)

// attemptLife is how long a follower has for the consent page; a code lives for five minutes.
const attemptLife = 10 * time.Minute

// attempt is a login under way. It is kept by the browser, in a sealed cookie: the state is
// bound to that browser, and any server of the pool can go on with the login.
type attempt struct {
	State  string    `json:"state"`
	Target string    `json:"target"`
	Scope  string    `json:"scope"`
	Until  time.Time `json:"until"`
	// Tries counts the visits to the consent page that ended without a login.
	Tries int `json:"tries"`
	// Browser names the browser to the limits, as long as the cookie lives.
	Browser string `json:"browser"`
}

// newAttempt makes an attempt with a state of its own. The platform takes letters and digits.
func newAttempt(target, scope, browser string, tries int) attempt {
	if browser == "" {
		browser = rand.Text()
	}
	return attempt{State: rand.Text() + rand.Text(), Target: target, Scope: scope, Until: time.Now().Add(attemptLife), Tries: tries, Browser: browser}
}

// is says whether a state is that of the attempt.
func (a attempt) is(state string) bool {
	return a.State != "" && subtle.ConstantTimeCompare([]byte(a.State), []byte(state)) == 1
}

// attemptCookie is the cookie of a login under way. Over TLS a browser takes it from this host
// alone, as that of the session. Otherwise a neighbour below the same domain could give a follower
// a login of its own, with a state that fits.
func (s *Service) attemptCookie(account string) (name, path string) {
	if s.secure() {
		return hostPrefix + "oa_login_" + account, "/"
	}
	return "oa_login_" + account, "/oauth/" + account + "/"
}

// keepAttempt gives the attempt to the browser.
func (s *Service) keepAttempt(w http.ResponseWriter, account string, a attempt) error {
	// Without escapes the longest target fits into the 4096 bytes that a browser keeps.
	var plain bytes.Buffer
	e := json.NewEncoder(&plain)
	e.SetEscapeHTML(false)
	if err := e.Encode(a); err != nil {
		return err
	}
	name, path := s.attemptCookie(account)
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: s.keys.sealText(plain.Bytes(), "attempt "+account), Path: path,
		MaxAge: int(attemptLife.Seconds()), HttpOnly: true, Secure: s.secure(),
		// The consent page leads back to the callback from another site: Lax lets that be.
		SameSite: http.SameSiteLaxMode,
	})
	return nil
}

// attemptOf is the attempt that the browser brings; its zero value without a good one.
func (s *Service) attemptOf(r *http.Request, account string) attempt {
	name, _ := s.attemptCookie(account)
	c, err := r.Cookie(name)
	if err != nil {
		return attempt{}
	}
	plain, err := s.keys.openText(c.Value, "attempt "+account)
	if err != nil {
		return attempt{}
	}
	var a attempt
	if json.Unmarshal(plain, &a) != nil || !time.Now().Before(a.Until) {
		return attempt{}
	}
	return a
}
