package oauth

import (
	_ "embed"
	"html/template"
	"io"
	"net/http"
	"net/url"
)

//go:embed page/notice.html
var noticeSource string

//go:embed page/style.css
var styleSource string

var noticePage = template.Must(template.New("notice").Parse(noticeSource))

// page is what a follower is told when a login does not go on by itself.
type page struct {
	Title, Text    string
	Link, LinkText string
}

func notice(w http.ResponseWriter, status int, p page) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	return noticePage.Execute(w, p)
}

// serveStyle answers the style of the notices: the policy of pages allows none inside of them.
func (s *Service) serveStyle(w http.ResponseWriter, _ *http.Request, _ string) error {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, err := io.WriteString(w, styleSource)
	return err
}

// loginAddress is where a login begins.
func loginAddress(account, scope, target string) string {
	q := url.Values{}
	if scope == ScopeUser {
		q.Set("scope", "userinfo")
	}
	if target != "" {
		q.Set("return", target)
	}
	address := "/oauth/" + account + "/login"
	if len(q) > 0 {
		address += "?" + q.Encode()
	}
	return address
}
