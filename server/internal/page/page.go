// Package page owns what all pages for followers have in common (CAM-8): layout, style, the script
// that lets a page be shared, and the way to the login. A page is whole without script.
package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"strings"

	"oalab/server/internal/web"
)

//go:embed asset
var assets embed.FS

// View is what one page shows.
type View struct {
	// Account is the name of the official account, as in the page's path.
	Account string
	Title   string
	// Back is the path to which the page leads back; "" for none.
	Back string
	// Share is what friends see when the page is sent on; nil leaves that to the platform.
	Share *Share
	// Data is for the page's own template.
	Data any
}

// Share is a page as the platform shows it to friends.
type Share struct {
	Title, Text string
	// Path is the path of the page on this site.
	Path string
}

// Notice is the data of the page NameNotice: one text, with a link below it where Link is not "".
type Notice struct {
	Text string
	// Good says that something was done.
	Good           bool
	Link, LinkText string
}

// NameNotice is the page that every Set has.
const NameNotice = "notice"

// Set is the pages of a feature. It is safe for concurrent use.
type Set struct {
	pages  map[string]*template.Template
	script string
}

// New reads the pages of a feature, which are the files NAME.html of a folder. Each defines the template
// main, and is given a View. funcs may be nil. jsBase is wechat.js_base: "" leaves the sharing out.
func New(files fs.FS, funcs template.FuncMap, jsBase string) (*Set, error) {
	s := &Set{pages: make(map[string]*template.Template)}
	if jsBase != "" {
		s.script = strings.TrimSuffix(jsBase, "/") + "/open/js/jweixin-1.6.0.js"
	}
	names, err := fs.Glob(files, "*.html")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := s.read(files, name, strings.TrimSuffix(name, ".html"), funcs); err != nil {
			return nil, err
		}
	}
	return s, s.read(assets, "asset/"+NameNotice+".html", NameNotice, nil)
}

func (s *Set) read(files fs.FS, path, name string, funcs template.FuncMap) error {
	if s.pages[name] != nil {
		return fmt.Errorf("page %s: there is one of this name in every set", name)
	}
	layout, err := template.New("layout.html").Funcs(funcs).ParseFS(assets, "asset/layout.html")
	if err != nil {
		return err
	}
	if s.pages[name], err = layout.ParseFS(files, path); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	return nil
}

// shown is a View with what the layout needs beside.
type shown struct {
	View
	Version, Script string
}

// Write answers with a page. It is one follower's: nothing on the way may keep it. Nothing is
// written when there is no such page, or its template fails.
func (s *Set) Write(w http.ResponseWriter, status int, name string, v View) error {
	page := s.pages[name]
	if page == nil {
		return fmt.Errorf("there is no page %q", name)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, shown{v, version, s.script}); err != nil {
		return fmt.Errorf("page %s: %w", name, err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, err := w.Write(out.Bytes())
	return err
}

// Enter sends a browser without a session to the login, which leads back to the page. After a form it
// is told instead: a form's answer must not lead to another site.
func (s *Set) Enter(w http.ResponseWriter, r *http.Request, account string) error {
	login := func(target string) string {
		return "/oauth/" + url.PathEscape(account) + "/login?" + url.Values{"return": {target}}.Encode()
	}
	if r.Method == http.MethodGet {
		http.Redirect(w, r, login(r.URL.RequestURI()), http.StatusFound)
		return nil
	}
	return s.Write(w, http.StatusUnauthorized, NameNotice, View{
		Account: account, Title: "请重新登录",
		Data: Notice{Text: "登录已失效，本次操作没有执行。", Link: login(r.URL.Path), LinkText: "重新登录"},
	})
}

// version is a digest of the files that all pages load, so that browsers may keep them.
var version = digest()

func digest() string {
	sum := sha256.New()
	for _, name := range []string{"style.css", "share.js"} {
		b, err := assets.ReadFile("asset/" + name)
		if err != nil {
			panic(err) // the file is embedded
		}
		sum.Write(b)
	}
	return hex.EncodeToString(sum.Sum(nil))[:12]
}

// Routes are the addresses of the files that all pages load.
func Routes() []web.Route {
	return []web.Route{{Method: http.MethodGet, Pattern: "/c/{account}/static/{name}", Area: web.Page, Serve: serveFile}}
}

func serveFile(w http.ResponseWriter, r *http.Request, path web.Path) error {
	kinds := map[string]string{"style.css": "text/css; charset=utf-8", "share.js": "text/javascript; charset=utf-8"}
	kind, known := kinds[path.Param("name")]
	if !known {
		return web.ErrNotFound
	}
	b, err := assets.ReadFile("asset/" + path.Param("name"))
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("X-Content-Type-Options", "nosniff")
	if r.URL.Query().Get("v") == version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	_, err = w.Write(b)
	return err
}
