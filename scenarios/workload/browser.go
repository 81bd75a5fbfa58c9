package workload

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Bounds of a browser.
const (
	// mostHops is how often one visit may be led on, consent pages included.
	mostHops = 24
	// mostPage is how much of a page is read, in bytes.
	mostPage = 1 << 20
	// longestLater is the longest wait that a follower accepts when told to come later.
	longestLater = 10 * time.Second
)

// consentPath is the path of the platform's consent page.
const consentPath = "/connect/oauth2/authorize"

// browser is that of one follower: cookies, and a way to the service. It does one thing at a
// time.
type browser struct {
	openID string // of the follower
	way    *way
	client *http.Client
	limit  time.Duration // of a request
}

func newBrowser(openID string, b *balancer, limit time.Duration) *browser {
	jar, _ := cookiejar.New(nil) // without options it never fails
	w := &way{balancer: b, follower: openID}
	return &browser{openID: openID, way: w, limit: limit, client: &http.Client{
		Jar: jar, Transport: w,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// shown is what a browser shows in the end.
type shown struct {
	at       *url.URL
	status   int
	body     []byte
	after    time.Duration // told to come again after that; 0: not told
	consents int           // consent pages on the way
}

// open goes to an address and where that leads to, through the consent page as well. It does
// not go on to a path with the suffix until, which is what is shown then; "" is no path.
func (b *browser) open(ctx context.Context, address, until string) (shown, error) {
	consents := 0
	for range mostHops {
		s, next, err := b.get(ctx, address)
		s.consents = consents
		switch {
		case err != nil:
			return s, err
		case next == nil && s.status == http.StatusOK && s.at.Path == consentPath:
			consents++
			if next, err = b.agree(s); err != nil {
				return s, err
			}
		case next == nil:
			return s, nil
		case until != "" && strings.HasSuffix(next.Path, until):
			return shown{at: next, consents: consents}, nil
		}
		address = next.String()
	}
	return shown{consents: consents}, fmt.Errorf("led on %d times, last to %s", mostHops, address)
}

// get fetches one page; next is where it leads to, nil: nowhere.
func (b *browser) get(ctx context.Context, address string) (s shown, next *url.URL, err error) {
	ctx, cancel := context.WithTimeout(ctx, b.limit)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return s, nil, err
	}
	resp, err := b.client.Do(r)
	if err != nil {
		return s, nil, err
	}
	s.at, s.status = r.URL, resp.StatusCode
	s.body, err = io.ReadAll(io.LimitReader(resp.Body, mostPage))
	if closeErr := resp.Body.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return s, nil, fmt.Errorf("read the page %s: %w", r.URL.Path, err)
	}
	if in, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && in >= 0 && s.status >= http.StatusBadRequest {
		s.after = min(max(time.Duration(in)*time.Second, time.Millisecond), longestLater)
	}
	if s.status < 300 || s.status >= 400 {
		return s, nil, nil
	}
	if next, err = resp.Location(); err != nil {
		return s, nil, fmt.Errorf("%s leads nowhere: %w", r.URL.Path, err)
	}
	return s, next, nil
}

// consentField finds the fields of the consent page.
var consentField = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

// agree is the address to which the consent page leads a follower who agrees.
func (b *browser) agree(s shown) (*url.URL, error) {
	fields := consentField.FindAllSubmatch(s.body, -1)
	if len(fields) == 0 {
		return nil, fmt.Errorf("the consent page has no fields: %.80q", s.body)
	}
	q := url.Values{"_openid": {b.openID}}
	for _, f := range fields {
		q.Add(html.UnescapeString(string(f[1])), html.UnescapeString(string(f[2])))
	}
	next := *s.at
	next.RawQuery = q.Encode()
	return &next, nil
}

// whoIs reads the follower that a page takes the browser for; "": it has no session.
func whoIs(s shown) string {
	var page struct {
		Data struct {
			OpenID string `json:"openid"`
		} `json:"data"`
	}
	if s.status != http.StatusOK || json.Unmarshal(s.body, &page) != nil {
		return ""
	}
	return page.Data.OpenID
}

// enter goes to the address of a login, says yes to the platform at once, and ends when the
// service leads to the target, without going there.
func (b *browser) enter(ctx context.Context, login, target string) error {
	address := login
	for range mostHops {
		s, next, err := b.get(ctx, address)
		switch {
		case err != nil:
			return err
		case s.after > 0:
			if err := wait(ctx, s.after); err != nil {
				return err
			}
			address = login
			continue
		case next == nil:
			return fmt.Errorf("%s leads nowhere: status %d", s.at.Path, s.status)
		case next.Path == target:
			return nil
		case next.Path == consentPath:
			q := next.Query()
			q.Set("_openid", b.openID)
			next.RawQuery = q.Encode()
		}
		address = next.String()
	}
	return fmt.Errorf("led on %d times, last to %s", mostHops, address)
}
