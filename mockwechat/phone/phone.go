// Package phone owns the other side of the phone: for each follower a page on which a person
// uses an account as a follower does, and the API of that page, which tests use too. It shows
// the chat, the menu, the pages in WeChat's browser with the bridge of the JSSDK, and the
// payment sheet (MOCKW-1, BIZ-8). A phone exists for every well-formed openid; the chats that
// it remembers are bounded (package chat).
package phone

import (
	"context"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"oalab/chaos/upstream"
	"oalab/mockwechat/pay"
	"oalab/mockwechat/platform"
)

const (
	prefix = "/phone/"
	pathJS = "/open/js/jweixin-1.6.0.js"
)

// Has says whether a path is served by the phone.
func Has(path string) bool { return strings.HasPrefix(path, prefix) || path == pathJS }

//go:embed assets
var assets embed.FS

var phonePage = template.Must(template.ParseFS(assets, "assets/phone.html"))

// Server serves the phones of all followers. All methods are safe for concurrent use.
type Server struct {
	p          *platform.Platform
	done       context.Context // ends what waits when the platform stops
	payments   *pay.Server
	background func(func()) error
	lenient    map[string]bool // rules that are not enforced
	mux        *http.ServeMux
}

// New serves the phones of a platform. Work that outlives a call is given to background; ctx
// ends it. It fails for a lenient rule that does not exist.
func New(ctx context.Context, p *platform.Platform, payments *pay.Server, background func(func()) error, lenient []string) (*Server, error) {
	s := &Server{p: p, done: ctx, payments: payments, background: background, lenient: map[string]bool{}, mux: http.NewServeMux()}
	for _, rule := range lenient {
		if !IsRule(rule) {
			return nil, fmt.Errorf("%w: no rule is called %q", platform.ErrConfig, rule)
		}
		s.lenient[rule] = true
	}
	s.mux.HandleFunc("GET "+pathJS, asset("jweixin.js", "text/javascript; charset=utf-8"))
	s.mux.HandleFunc("GET /phone/assets/phone.js", asset("phone.js", "text/javascript; charset=utf-8"))
	s.mux.HandleFunc("GET /phone/assets/phone.css", asset("phone.css", "text/css; charset=utf-8"))
	const own = "/phone/{account}/{openid}"
	for pattern, serve := range map[string]func(*Server, http.ResponseWriter, *http.Request, visit){
		"GET " + own:                 (*Server).page,
		"GET " + own + "/messages":   (*Server).messages,
		"GET " + own + "/menu":       (*Server).menu,
		"GET " + own + "/media/{id}": (*Server).media,
		"POST " + own + "/do":        (*Server).act,
		"POST " + own + "/bridge":    (*Server).bridge,
		"POST " + own + "/pay":       (*Server).settle,
	} {
		s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.visited(w, r, serve) })
	}
	return s, nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// visit is whose phone is used.
type visit struct {
	acc    *platform.Official
	openID string
}

// visited finds the phone. A POST must be JSON: a foreign page cannot send that without
// asking first, so it cannot use a phone in the browser of a developer.
func (s *Server) visited(w http.ResponseWriter, r *http.Request, serve func(*Server, http.ResponseWriter, *http.Request, visit)) {
	v := visit{s.p.Named(r.PathValue("account")), r.PathValue("openid")}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	switch {
	case v.acc == nil:
		upstream.WriteError(w, http.StatusNotFound, fmt.Errorf("%w %q", platform.ErrUnknownAccount, r.PathValue("account")))
	case !platform.WellFormed(v.openID):
		upstream.WriteError(w, http.StatusNotFound, fmt.Errorf("openid %q has not the form of one: want o and 27 letters, digits, _ or -", v.openID))
	case r.Method == http.MethodPost && !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json"):
		upstream.WriteError(w, http.StatusUnsupportedMediaType, errJSON)
	default:
		serve(s, w, r, v)
	}
}

func asset(name, contentType string) http.HandlerFunc {
	content, err := assets.ReadFile("assets/" + name)
	if err != nil {
		panic(err) // it is embedded
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(content) // a browser that has gone
	}
}

// policy lets the page load its own files alone, and show pages of the account in a frame.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; " +
	"frame-src http: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// page is GET /phone/{account}/{openid}.
func (s *Server) page(w http.ResponseWriter, _ *http.Request, v visit) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", policy)
	http.SetCookie(w, &http.Cookie{
		Name: platform.CookieOpenID, Value: v.openID, Path: "/connect/oauth2/authorize", HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	_ = phonePage.Execute(w, map[string]any{
		"Account": v.acc.Config.Name, "OpenID": v.openID, "Base": prefix + url.PathEscape(v.acc.Config.Name) + "/" + v.openID,
	}) // as above
}
