package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"oalab/server/controlclient"
	"oalab/server/internal/signedapi"
	"oalab/server/internal/web"
)

// Keeper keeps one kind of tokens of accounts. It is safe for concurrent use.
type Keeper interface {
	// Lookup returns a token that lives, its version and how long it will be given out.
	Lookup(ctx context.Context, account string) (value string, version int64, left time.Duration, err error)
	// Dead notes that the platform refused a token, if it is the one in use.
	Dead(ctx context.Context, account, value string) error
}

// Account is the basic data of an account.
type Account struct {
	Name       string `json:"account"`
	AppID      string `json:"app_id"`
	OriginalID string `json:"original_id"`
	Mode       string `json:"mode"`
}

// Config of an API. Nothing of it may be missing, except the list of nodes.
type Config struct {
	Tokens, Tickets Keeper
	Store           Store
	// Find returns the basic data of an account; false for one that does not exist.
	Find func(account string) (Account, bool)
	// Judge says what is wrong with settings that this system uses itself.
	Judge func(s Settings) error
	// Tell broadcasts that settings were changed.
	Tell     func(ctx context.Context)
	Verifier *signedapi.Verifier
	// Members are the control nodes and Self is this one: it serves tokens of its accounts, and of
	// others where a caller asks for that. The zero value has every account.
	Members controlclient.Members
	Self    string
	Log     *slog.Logger
}

// API answers app servers and other systems. It is safe for concurrent use.
type API struct{ cfg Config }

// New makes an API.
func New(cfg Config) (*API, error) {
	if cfg.Tokens == nil || cfg.Tickets == nil || cfg.Store == nil || cfg.Find == nil || cfg.Judge == nil || cfg.Tell == nil || cfg.Verifier == nil || cfg.Log == nil {
		return nil, errors.New("something of the control server's configuration is missing")
	}
	return &API{cfg}, nil
}

// Routes are the addresses of the API.
func (a *API) Routes() []web.Route {
	const base = "/control/v1/accounts/{account}"
	route := func(method, path string, right signedapi.Right, serve func(w http.ResponseWriter, r *http.Request, c call) error) web.Route {
		return web.Route{Method: method, Pattern: base + path, Area: web.Control, Serve: a.signed(right, serve)}
	}
	return []web.Route{
		route(http.MethodGet, "/token", signedapi.RightTokens, a.placed(a.read(a.cfg.Tokens))),
		route(http.MethodGet, "/ticket", signedapi.RightTokens, a.placed(a.read(a.cfg.Tickets))),
		route(http.MethodPost, "/token/report", signedapi.RightTokens, a.placed(a.report)),
		route(http.MethodGet, "/settings", signedapi.RightSettings, a.settings),
		route(http.MethodPut, "/settings", signedapi.RightChange, a.change),
	}
}

// call is a signed request for an account that exists.
type call struct {
	app     signedapi.App
	account Account
}

// signed lets a request through whose signature is good, and whose app has the right.
func (a *API) signed(right signedapi.Right, serve func(w http.ResponseWriter, r *http.Request, c call) error) web.Serve {
	return func(w http.ResponseWriter, r *http.Request, path web.Path) error {
		w.Header().Set("Cache-Control", "no-store")
		app, err := a.cfg.Verifier.Verify(r, right)
		if err != nil {
			return err
		}
		account, known := a.cfg.Find(path.Param("account"))
		if !known {
			return fmt.Errorf("%w: this account is not kept", web.ErrNotFound)
		}
		return serve(w, r, call{app, account})
	}
}

// placed sends a caller to the nodes that have the account, unless it asks for an answer anyway:
// they may be away. Every node can serve every account; the placement says which of them do (CTL-5).
func (a *API) placed(serve func(w http.ResponseWriter, r *http.Request, c call) error) func(w http.ResponseWriter, r *http.Request, c call) error {
	return func(w http.ResponseWriter, r *http.Request, c call) error {
		if r.URL.Query().Get("anyway") != "1" && !a.cfg.Members.Has(a.cfg.Self, c.account.Name) {
			return web.Misdirected(w, map[string]any{"members": a.cfg.Members})
		}
		return serve(w, r, c)
	}
}

// answer is a token or a ticket.
type answer struct {
	Account string `json:"account"`
	Value   string `json:"value"`
	Version int64  `json:"version"`
	// ExpiresIn is for how many seconds the value may be used.
	ExpiresIn int64 `json:"expires_in"`
}

// read answers with the value of a keeper.
func (a *API) read(from Keeper) func(w http.ResponseWriter, r *http.Request, c call) error {
	return func(w http.ResponseWriter, r *http.Request, c call) error {
		value, version, left, err := from.Lookup(r.Context(), c.account.Name)
		if err != nil {
			// Its keeper has logged why, and the cause is no matter of the caller.
			a.cfg.Log.DebugContext(r.Context(), "no token for the caller", "account", c.account.Name, "error", err)
			w.Header().Set("Retry-After", "1")
			return fmt.Errorf("%w: the platform gives none, and none that was given lives", web.ErrUnavailable)
		}
		return web.OK(w, answer{c.account.Name, value, version, int64(left / time.Second)})
	}
}

// report takes note of a token that the platform refused (40001, 42001), and answers with the
// next one. However many report a token, it is refreshed once.
func (a *API) report(w http.ResponseWriter, r *http.Request, c call) error {
	var body struct {
		Token string `json:"token"`
	}
	if err := decode(r, &body); err != nil {
		return err
	}
	if body.Token == "" {
		return fmt.Errorf("%w: token is empty", web.ErrInvalid)
	}
	if err := a.cfg.Tokens.Dead(r.Context(), c.account.Name, body.Token); err != nil {
		a.cfg.Log.DebugContext(r.Context(), "a report was not taken", "account", c.account.Name, "error", err)
		return fmt.Errorf("%w: the report cannot be judged now", web.ErrUnavailable)
	}
	return a.read(a.cfg.Tokens)(w, r, c)
}

// known is what is known of an account.
type known struct {
	Account
	Version  int64    `json:"version"`
	Settings Settings `json:"settings"`
}

// settings answers with the settings of now: it reads the database, as a caller may have
// changed them at another server a moment ago.
func (a *API) settings(w http.ResponseWriter, r *http.Request, c call) error {
	stored, err := a.cfg.Store.LoadSettings(r.Context(), c.account.Name)
	if err != nil {
		return err
	}
	if stored.Settings == nil {
		stored.Settings = Settings{}
	}
	return web.OK(w, known{c.account, stored.Version, stored.Settings})
}

// change replaces the settings, if they are still those that the caller has read.
func (a *API) change(w http.ResponseWriter, r *http.Request, c call) error {
	var body struct {
		Version  *int64   `json:"version"`
		Settings Settings `json:"settings"`
	}
	if err := decode(r, &body); err != nil {
		return err
	}
	if body.Version == nil || body.Settings == nil {
		return fmt.Errorf("%w: version and settings are needed; a version of 0 is that of settings which were never set", web.ErrInvalid)
	}
	if err := errors.Join(body.Settings.check(), a.cfg.Judge(body.Settings)); err != nil {
		return fmt.Errorf("%w: %w", web.ErrInvalid, err)
	}
	version, err := a.cfg.Store.SaveSettings(r.Context(), c.account.Name, *body.Version, body.Settings, c.app.Name)
	if errors.Is(err, ErrVersion) {
		return fmt.Errorf("%w: %w; read them and try again", web.ErrConflict, ErrVersion)
	}
	if err != nil {
		return err
	}
	a.cfg.Tell(context.WithoutCancel(r.Context()))
	a.cfg.Log.InfoContext(r.Context(), "settings changed", "account", c.account.Name, "version", version, "app", c.app.Name)
	return web.OK(w, known{c.account, version, body.Settings})
}

// decode reads the JSON body of a request, which the area of the route bounds.
func decode(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%w: the body is not the JSON object that is wanted", web.ErrInvalid)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: something stands behind the JSON object", web.ErrInvalid)
	}
	return nil
}
