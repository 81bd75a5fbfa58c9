// Package mockwechat is the mock of the WeChat platform as a whole: it joins what the
// platform remembers, its APIs, the pusher and the control port, and starts and stops them
// (MOCKW-1 to MOCKW-5). The parts are in the folders below; message and platform are what
// the others stand on.
package mockwechat

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"oalab/chaos/upstream"
	"oalab/mockwechat/api"
	"oalab/mockwechat/component"
	"oalab/mockwechat/message"
	"oalab/mockwechat/page"
	"oalab/mockwechat/pay"
	"oalab/mockwechat/phone"
	"oalab/mockwechat/platform"
	"oalab/mockwechat/push"
)

// What a user of the mock handles, by the names of the packages that own it.
type (
	// Account is one official account of the platform.
	Account = platform.Account
	// Config says what a platform knows and how strict it is.
	Config = platform.Config
	// Followers says which openids follow an account.
	Followers = platform.Followers
	// Limits are the numbers of the platform.
	Limits = platform.Limits
	// Message is one thing a follower does.
	Message = message.Message
	// Field is one element of a pushed message.
	Field = message.Field
	// Reply is what the platform read out of an answer to a push.
	Reply = message.Reply
	// Pusher delivers what followers do to a back end.
	Pusher = push.Pusher
	// PusherConfig says how a pusher delivers.
	PusherConfig = push.Config
	// Outcome is what became of one pushed message.
	Outcome = push.Outcome
)

// The words and numbers of the parts that a user of the mock needs.
const (
	DefaultTokenLifetime = platform.DefaultTokenLifetime
	DefaultTemplate      = platform.DefaultTemplate
	MaxTries             = push.MaxTries
	HeaderAttack         = push.HeaderAttack
	HeaderSeq            = push.HeaderSeq
	HeaderTries          = push.HeaderTries
	HeaderStatus         = push.HeaderStatus
	HeaderError          = push.HeaderError
	Unavailable          = push.Unavailable
)

// Errors of the platform. All wrap what happened.
var (
	ErrConfig         = platform.ErrConfig
	ErrUnknownAccount = platform.ErrUnknownAccount
	ErrMessage        = message.ErrMessage
)

// ReadAccounts reads an accounts file, as [platform.ReadAccounts] says.
func ReadAccounts(path string) ([]Account, error) { return platform.ReadAccounts(path) }

// ReadReply judges an answer to a push, as [message.ReadReply] says.
func ReadReply(body []byte, openID, originalID string) (Reply, error) {
	return message.ReadReply(body, openID, originalID)
}

// NewEncodingAESKey makes a key as the platform's console does.
func NewEncodingAESKey(rng *rand.Rand) string { return message.NewEncodingAESKey(rng) }

// Digest is how the ledger names a token.
func Digest(token string) string { return platform.Digest(token) }

// Platform is the mock platform. All methods are safe for concurrent use.
type Platform struct {
	core   *platform.Platform
	apis   http.Handler
	pages  http.Handler // what a person's browser shows
	loads  *push.Loads
	phones http.Handler // the followers' side
	life   lifecycle

	payments     *pay.Server
	certificates *pay.Certificates // of WeChat Pay
	components   *component.Server // what third-party platforms get
}

// New builds a platform and opens its ledger. It serves after Start, or through
// Handler and ControlHandler.
func New(cfg Config) (*Platform, error) {
	core, err := platform.New(cfg)
	if err != nil {
		return nil, err
	}
	p := &Platform{core: core}
	p.life.init()
	var lenient, lenientPay, lenientPhone []string
	for _, rule := range cfg.Lenient {
		switch {
		case pay.IsRule(rule):
			lenientPay = append(lenientPay, rule)
		case phone.IsRule(rule):
			lenientPhone = append(lenientPhone, rule)
		default:
			lenient = append(lenient, rule)
		}
	}
	apis, err := api.New(p.life.ctx, core, p.tell, lenient)
	if err != nil {
		return nil, errors.Join(err, core.Close())
	}
	p.certificates = &pay.Certificates{}
	if p.payments, err = pay.New(p.life.ctx, core, p.certificates, p.life.background, lenientPay); err != nil {
		return nil, errors.Join(err, core.Close())
	}
	if p.phones, err = phone.New(p.life.ctx, core, p.payments, p.life.background, lenientPhone); err != nil {
		return nil, errors.Join(err, core.Close())
	}
	p.components = component.New(p.life.ctx, core, p.life.background)
	p.apis, p.pages = apis, page.New(core)
	p.loads = push.NewLoads(p.life.ctx, core, p.life.background)
	return p, nil
}

// Handler serves the platform's own APIs and pages.
func (p *Platform) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if page.Has(r.URL.Path) {
			p.pages.ServeHTTP(w, r)
			return
		}
		if phone.Has(r.URL.Path) {
			p.phones.ServeHTTP(w, r)
			return
		}
		if component.Has(r.URL.Path) {
			p.components.ServeHTTP(w, r)
			return
		}
		if pay.Has(r.URL.Path) {
			p.payments.ServeHTTP(w, r)
			return
		}
		p.apis.ServeHTTP(w, r)
	})
}

// tell pushes what the platform itself has to report, in the background, to an account that
// wants reports.
func (p *Platform) tell(a *platform.Official, m message.Message) {
	if !a.Config.Reports || (a.Config.CallbackURL == "" && p.core.Lender(a) == nil) {
		return
	}
	// After Stop nothing is reported any more: the ledger is closing.
	_ = p.life.background(func() {
		pusher, err := push.New(p.core, a.Config.Name, push.Config{})
		if err != nil { // the account is gone
			return
		}
		defer pusher.Close()
		_, _ = pusher.Push(p.life.ctx, m) // what came of it stands in the ledger
	})
}

// Pusher makes a pusher for one account.
func (p *Platform) Pusher(name string, cfg PusherConfig) (*Pusher, error) {
	return push.New(p.core, name, cfg)
}

// SetAccounts replaces the accounts. One that keeps its name and app_id keeps its
// tokens, windows and counts; the tokens of the others are dead.
func (p *Platform) SetAccounts(accounts []Account) error {
	defer p.components.Changed()
	return p.core.SetAccounts(accounts)
}

// Account returns the configuration of an account, and false when there is none
// of that name.
func (p *Platform) Account(name string) (Account, bool) { return p.core.Account(name) }

// Reset forgets what happened: tokens, windows, counts and faults. Accounts stay,
// and so do the lines of a ledger file, though GET /control/ledger begins anew.
func (p *Platform) Reset() error {
	defer p.components.Changed()
	return p.core.Reset()
}

// Rules are the faults that the platform plays now.
func (p *Platform) Rules() *upstream.Ruleset { return p.core.Rules() }

// Backdate gives each account that has no stable token one that was issued so long ago, as
// [platform.Platform.Backdate] says.
func (p *Platform) Backdate(age time.Duration) error { return p.core.Backdate(age) }

// Err is the first line that the ledger could not take, and nil as long as the
// ledger is whole. The platform answers -1 to the call concerned.
func (p *Platform) Err() error { return p.core.Err() }
