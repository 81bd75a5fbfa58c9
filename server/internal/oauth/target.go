package oauth

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
)

// maxTarget is the longest target of a login, in bytes.
const maxTarget = 2048

// ErrTarget says that a login may not lead to a target.
var ErrTarget = errors.New("a login may not lead there")

// Targets are the addresses to which a login may lead (OAU-2).
type Targets struct {
	home  string
	paths []string
	sites []string // scheme://host, lower case
}

// NewTargets makes the list. The home has to be on it for every account.
func NewTargets(home string, paths, sites []string) (*Targets, error) {
	t := &Targets{home: home, paths: paths}
	for _, p := range paths {
		if clean, err := t.clean(p); err != nil || clean != p || !strings.HasSuffix(p, "/") || strings.ContainsAny(p, "?#%") || !plainText(p) {
			return nil, fmt.Errorf("path %q is not a plain path that begins and ends with /", p)
		}
	}
	for _, s := range sites {
		if !isOrigin(s) {
			return nil, fmt.Errorf("site %q is not a scheme, a host and a port alone", s)
		}
		t.sites = append(t.sites, strings.ToLower(s))
	}
	if _, err := t.Check("account", ""); err != nil {
		return nil, fmt.Errorf("home %q is not below one of return_paths", home)
	}
	return t, nil
}

// isOrigin says whether an address is scheme, host and port alone.
func isOrigin(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.Hostname() != "" && plainText(address) &&
		strings.EqualFold(address, u.Scheme+"://"+u.Host)
}

// Check returns a target as it may stand in a Location header, the home of the account for
// none, or ErrTarget. Of what browsers read in ways of their own nothing is accepted: no byte
// beyond printable ASCII, no backslash, and no path that says something else when it is
// decoded.
func (t *Targets) Check(account, raw string) (string, error) {
	if raw == "" {
		raw = strings.ReplaceAll(t.home, "{account}", account)
	}
	if len(raw) > maxTarget || !plainText(raw) {
		return "", ErrTarget
	}
	if strings.HasPrefix(raw, "/") {
		clean, err := t.clean(raw)
		if err != nil || !slices.ContainsFunc(t.paths, func(p string) bool { return strings.HasPrefix(clean, p) }) {
			return "", ErrTarget
		}
		return clean, nil
	}
	return t.other(raw)
}

// other judges an address on another site.
func (t *Targets) other(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.User != nil || u.Opaque != "" || !slices.Contains(t.sites, strings.ToLower(u.Scheme+"://"+u.Host)) {
		return "", ErrTarget
	}
	rest := "/"
	if i := strings.IndexAny(raw[len(u.Scheme)+len("://"):], "/?#"); i >= 0 {
		rest = raw[len(u.Scheme)+len("://")+i:]
	}
	if !strings.HasPrefix(rest, "/") {
		rest = "/" + rest
	}
	clean, err := t.clean(rest)
	if err != nil {
		return "", ErrTarget
	}
	return strings.ToLower(u.Scheme+"://"+u.Host) + clean, nil
}

// clean judges path, query and fragment. The path must mean the same however often it is decoded.
func (*Targets) clean(raw string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" || !strings.HasPrefix(u.Path, "/") {
		return "", ErrTarget
	}
	for decoded, times := u.Path, 0; ; times++ {
		if decoded != settledPath(decoded) || strings.ContainsFunc(decoded, func(r rune) bool { return r == '\\' || r < ' ' || r == 0x7f }) {
			return "", ErrTarget
		}
		next, err := url.PathUnescape(decoded)
		if err != nil {
			next = decoded // a percent sign that is meant as one
		}
		if next == decoded {
			break
		}
		if decoded = next; times == 4 {
			return "", ErrTarget
		}
	}
	return raw, nil
}

// settledPath is a path without dots and doubled slashes; a slash at its end stays.
func settledPath(p string) string {
	clean := path.Clean(p)
	if strings.HasSuffix(p, "/") && clean != "/" {
		clean += "/"
	}
	return clean
}

// plainText says whether a text is printable ASCII without spaces and backslashes.
func plainText(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' })
}
