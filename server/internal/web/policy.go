package web

import "net/url"

// headerPolicy is the header that tells a browser what a page may load.
const headerPolicy = "Content-Security-Policy"

// ScriptsFrom lets pages load scripts from an address beside their own, and lets its pages
// show them in a frame; "" is none. It is called before Serve.
func (s *Server) ScriptsFrom(base string) { s.site.pages = policyOf(base) }

// policyOf is the Content-Security-Policy of pages: what they load is the server's own, but
// for scripts from base.
func policyOf(base string) string {
	from := ""
	if u, err := url.Parse(base); err == nil && u.Host != "" {
		from = " " + u.Scheme + "://" + u.Host
	}
	return "default-src 'none'; script-src 'self'" + from + "; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
		"form-action 'self'; base-uri 'none'; frame-ancestors 'self'" + from
}
