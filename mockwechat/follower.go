package mockwechat

import (
	"errors"
	"fmt"
	"net/http"

	"oalab/chaos/upstream"
	"oalab/mockwechat/api"
	"oalab/mockwechat/platform"
)

// followerRequest is what the control port lets a follower do.
type followerRequest struct {
	Account string `json:"account"` // empty: the first one
	OpenID  string `json:"openid"`
	Ticket  string `json:"ticket"` // of the QR code that is scanned
}

// follower reads a request and finds its account; it has answered when ok is false.
func (p *Platform) follower(w http.ResponseWriter, r *http.Request) (body followerRequest, a *platform.Official, ok bool) {
	if err := upstream.ReadJSON(w, r, &body); err != nil {
		upstream.WriteError(w, http.StatusBadRequest, err)
		return body, nil, false
	}
	if accounts := p.core.Accounts(); body.Account == "" && len(accounts) > 0 {
		body.Account = accounts[0].Config.Name
	}
	a = p.core.Named(body.Account)
	switch {
	case a == nil:
		upstream.WriteError(w, http.StatusBadRequest, fmt.Errorf("%w %q", ErrUnknownAccount, body.Account))
	case !platform.WellFormed(body.OpenID):
		upstream.WriteError(w, http.StatusBadRequest, fmt.Errorf("openid %q has not the form of one", body.OpenID))
	default:
		return body, a, true
	}
	return body, nil, false
}

// errTicket tells what a scan needs.
var errTicket = errors.New("ticket: no QR code of the account that is still good has it")

// controlScan is POST /control/scan: a follower scans a QR code, which is pushed to the
// account's callback.
func (p *Platform) controlScan(w http.ResponseWriter, r *http.Request) {
	body, a, ok := p.follower(w, r)
	if !ok {
		return
	}
	m, ok := api.Scanned(p.core, a, body.OpenID, body.Ticket)
	if !ok {
		upstream.WriteError(w, http.StatusBadRequest, errTicket)
		return
	}
	pusher, err := p.Pusher(body.Account, PusherConfig{})
	if err != nil {
		upstream.WriteError(w, http.StatusBadRequest, err)
		return
	}
	defer pusher.Close()
	o, err := pusher.Push(r.Context(), m)
	if err != nil {
		upstream.WriteError(w, http.StatusInternalServerError, err)
		return
	}
	upstream.WriteJSON(w, http.StatusOK, o)
}

// controlLoginCode is POST /control/login-code: what wx.login gives a mini program.
func (p *Platform) controlLoginCode(w http.ResponseWriter, r *http.Request) {
	body, a, ok := p.follower(w, r)
	if !ok {
		return
	}
	upstream.WriteJSON(w, http.StatusOK, map[string]string{"code": a.NewCode(p.core, platform.Login{OpenID: body.OpenID, Scope: platform.ScopeMini})})
}
