package oauth

import (
	"errors"
	"math"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"golang.org/x/time/rate"

	"oalab/server/internal/resilience"
	"oalab/server/internal/web"
)

// limits bound what one browser, one address, one session and all followers together ask of
// this server (OAU-6). A carrier's followers share addresses, so an address alone is judged
// where nothing else is known, and with room for thousands.
type limits struct {
	all                          *rate.Limiter
	browsers, addresses, callers *resilience.Buckets
}

func newLimits(s Settings) (*limits, error) {
	l := &limits{all: rate.NewLimiter(rate.Limit(s.LoginsPerSecond), s.LoginsPerSecond)}
	for _, b := range []struct {
		to        **resilience.Buckets
		perMinute int
	}{{&l.browsers, s.LoginsPerMinute}, {&l.addresses, s.AddressLoginsPerMinute}, {&l.callers, s.CallsPerMinute}} {
		if b.perMinute < 1 || s.LoginsPerSecond < 1 {
			return nil, errors.New("the limits of the login must be positive")
		}
		kept, err := resilience.NewBuckets(b.perMinute)
		if err != nil {
			return nil, err
		}
		*b.to = kept
	}
	return l, nil
}

// login admits the begin of a login. browser is "" for one that was not here lately.
func (l *limits) login(w http.ResponseWriter, browser, address string) error {
	var wait time.Duration
	if browser != "" {
		wait = l.browsers.Take(browser)
	} else {
		wait = l.addresses.Take(address)
	}
	if wait == 0 {
		wait = resilience.TakeToken(l.all)
	}
	return tooMany(w, wait)
}

// call admits a call of the API by a session.
func (l *limits) call(w http.ResponseWriter, session string) error {
	return tooMany(w, l.callers.Take(session))
}

// page admits a question of a page; session is "" without one.
func (l *limits) page(w http.ResponseWriter, session, address string) error {
	if session != "" {
		return l.call(w, session)
	}
	return tooMany(w, l.addresses.Take(address))
}

func tooMany(w http.ResponseWriter, wait time.Duration) error {
	if wait == 0 {
		return nil
	}
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	return web.ErrTooMany
}

// address is that of the browser, as far as it is known. Of an IPv6 address the network
// counts, which is what one subscriber has.
func (s *Service) address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return ""
	}
	ip = ip.Unmap()
	for _, proxy := range s.proxies {
		if !proxy.Contains(ip) {
			continue
		}
		if told, err := netip.ParseAddr(r.Header.Get("X-Real-IP")); err == nil {
			ip = told.Unmap()
		}
		break
	}
	if ip.Is6() {
		if network, err := ip.WithZone("").Prefix(64); err == nil {
			return network.String()
		}
	}
	return ip.String()
}
