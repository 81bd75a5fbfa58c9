package mockwechat

import (
	"errors"
	"fmt"
	"net/http"

	"oalab/chaos/upstream"
	"oalab/mockwechat/component"
	"oalab/mockwechat/platform"
)

// componentRequest names a third-party platform and an account, by their names.
type componentRequest struct {
	Component string `json:"component"` // empty: the first one
	Account   string `json:"account"`
}

// component reads a request and finds the third-party platform; it has answered when ok is false.
func (p *Platform) component(w http.ResponseWriter, r *http.Request) (body componentRequest, c *platform.Official, ok bool) {
	if err := upstream.ReadJSON(w, r, &body); err != nil {
		upstream.WriteError(w, http.StatusBadRequest, err)
		return body, nil, false
	}
	for _, a := range p.core.Accounts() {
		if a.Config.IsComponent() && (body.Component == "" || body.Component == a.Config.Name) {
			return body, a, true
		}
	}
	upstream.WriteError(w, http.StatusBadRequest, fmt.Errorf("component %q: no third-party platform has that name", body.Component))
	return body, nil, false
}

// controlTicket is POST /control/component/ticket: a ticket is pushed now, as every ten minutes.
func (p *Platform) controlTicket(w http.ResponseWriter, r *http.Request) {
	_, c, ok := p.component(w, r)
	if !ok {
		return
	}
	o, err := p.components.Ticket(r.Context(), c)
	writePushed(w, o, err)
}

// controlUnauthorize is POST /control/component/unauthorize: an administrator takes the rights back.
func (p *Platform) controlUnauthorize(w http.ResponseWriter, r *http.Request) {
	body, c, ok := p.component(w, r)
	if !ok {
		return
	}
	a := p.core.Named(body.Account)
	if a == nil {
		upstream.WriteError(w, http.StatusBadRequest, fmt.Errorf("%w %q", ErrUnknownAccount, body.Account))
		return
	}
	o, err := p.components.Unauthorize(r.Context(), c, a)
	writePushed(w, o, err)
}

func writePushed(w http.ResponseWriter, o Outcome, err error) {
	switch {
	case errors.Is(err, component.ErrNoRights):
		upstream.WriteError(w, http.StatusBadRequest, err)
	case err != nil:
		upstream.WriteError(w, http.StatusInternalServerError, err)
	default:
		upstream.WriteJSON(w, http.StatusOK, o)
	}
}
