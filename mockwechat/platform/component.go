package platform

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"oalab/mockwechat/message"
)

// Component makes an account a third-party platform, to which other accounts give rights. It
// has no followers of its own. The zero value: the account is none.
type Component struct {
	// MessageURL is where the messages of the accounts go that gave rights; $APPID$ in it is
	// the account's appid.
	MessageURL string `json:"message_url" yaml:"message_url"`
	// TicketSpeed divides the ten minutes between two tickets; 0 means 1.
	TicketSpeed float64 `json:"ticket_speed,omitempty" yaml:"ticket_speed"`
	// RotateRefresh makes a refresh token good for one use: its answer has the next one. The
	// platform repeats the same one.
	RotateRefresh bool `json:"rotate_refresh,omitempty" yaml:"rotate_refresh"`
}

// AppIDPlace stands for the account's appid in [Component.MessageURL].
const AppIDPlace = "$APPID$"

// IsComponent says whether the account is a third-party platform.
func (a Account) IsComponent() bool { return a.Component != Component{} }

// componentMistake is the first thing that is wrong with a third-party platform.
func (a Account) componentMistake() error {
	switch {
	case !a.IsComponent():
		return nil
	case a.Component.TicketSpeed < 0:
		return errors.New("ticket_speed is negative")
	case a.EncodingAESKey == "":
		return errors.New("the pushes of a third-party platform are always encrypted: encoding_aes_key is missing")
	case a.CallbackURL == "":
		return errors.New("callback_url is missing: there go the tickets")
	}
	_, err := ParseCallback(a.Component.messageURL(a.AppID))
	return err
}

func (c Component) messageURL(appID string) string {
	return strings.ReplaceAll(c.MessageURL, AppIDPlace, appID)
}

// Authorization is the rights that an account has given to a third-party platform.
type Authorization struct {
	Component string // its appid
	Refresh   string // the refresh token
	Rights    []int  // ids of the sets of rights
	At        time.Time
}

// Has says whether a set of rights is given; 0 is none, which every authorisation has.
func (z Authorization) Has(right int) bool { return right == 0 || slices.Contains(z.Rights, right) }

// RightMessages is the set of rights by which an account's messages go to the third-party platform,
// RightPages the one by which it logs followers in.
const (
	RightMessages = 1
	RightPages    = 4
)

func newRefresh(p *Platform) string { return "refreshtoken@@@" + p.NewToken()[3:] }

// Consented is what an administrator's yes has made.
type Consented struct {
	Code    string // for api_query_auth
	Expires time.Time
	Again   bool // the account had given rights to the same third-party platform before
}

// Authorize gives a third-party platform rights of an account, in place of those that it has. It
// uses the pre-authorisation code up; false: that is not good any more, and nothing has changed.
func (a *Official) Authorize(p *Platform, component *Official, preAuth string, rights []int) (Consented, bool) {
	code, expires, ok := Part[Tickets](component).consent(p, preAuth, a.Config.AppID)
	if !ok {
		return Consented{}, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	z := &Authorization{Component: component.Config.AppID, Refresh: newRefresh(p), Rights: slices.Sorted(slices.Values(rights)), At: p.Now()}
	old := a.authorized.Swap(z)
	return Consented{Code: code, Expires: expires, Again: old != nil && old.Component == z.Component}, true
}

// Authorized is what rights an account has given, and false when it has given none.
func (a *Official) Authorized() (Authorization, bool) {
	if z := a.authorized.Load(); z != nil {
		return *z, true
	}
	return Authorization{}, false
}

// Unauthorize takes the rights of a third-party platform away; its tokens die at once. False: it had none.
func (a *Official) Unauthorize(p *Platform, component string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	z := a.authorized.Load()
	if z == nil || z.Component != component {
		return false
	}
	a.authorized.Store(nil)
	now := p.Now()
	a.lent.current.replace(now, 0)
	for _, t := range a.lent.old {
		if t.live(now) {
			t.deadAt = now
		}
	}
	return true
}

// LentToken is an access token of the account for the third-party platform, new at each call,
// and the refresh token that is good from now on: rotate makes a new one.
func (a *Official) LentToken(p *Platform, now time.Time, rotate bool) (*Issued, Authorization) {
	a.mu.Lock()
	defer a.mu.Unlock()
	z := a.authorized.Load()
	if z == nil {
		return nil, Authorization{}
	}
	if rotate {
		next := *z
		next.Refresh = newRefresh(p)
		z = &next
		a.authorized.Store(z)
	}
	t := a.issue(p, &a.lent, now, a.renewalWindow(p.Limits))
	t.lent = true
	return t, *z
}

// Lent says whether the token was given to a third-party platform.
func (t *Issued) Lent() bool {
	t.memory.mu.Lock()
	defer t.memory.mu.Unlock()
	return t.lent
}

// Authorizers are the accounts that have given rights to a third-party platform, oldest first.
func (p *Platform) Authorizers(component string) []*Official {
	var list []*Official
	for _, a := range p.Accounts() {
		if z, ok := a.Authorized(); ok && z.Component == component {
			list = append(list, a)
		}
	}
	slices.SortStableFunc(list, func(x, y *Official) int {
		first, _ := x.Authorized()
		second, _ := y.Authorized()
		return cmp.Compare(first.At.UnixNano(), second.At.UnixNano())
	})
	return list
}

// Destination is where an account's pushes go, and under which keys.
type Destination struct {
	URL      *url.URL
	Token    string // signs
	Envelope message.Envelope
}

// Lender is the third-party platform that an account's messages go to; nil: none.
func (p *Platform) Lender(a *Official) *Official {
	z := a.authorized.Load()
	if z == nil || !z.Has(RightMessages) {
		return nil
	}
	return p.OfApp(z.Component)
}

// DestinationOf is where the messages of an account go that gave rights to a third-party
// platform: under its appid and its key, always encrypted.
func (a *Official) DestinationOf(component *Official) (Destination, error) {
	u, err := ParseCallback(component.Config.Component.messageURL(a.Config.AppID))
	if err != nil {
		return Destination{}, err
	}
	keys := component.Config.keys()
	keys.Outer, keys.OriginalID = "", a.Config.OriginalID
	sealing, err := message.NewEnvelope(keys)
	return Destination{u, component.Config.Token, sealing}, err
}
