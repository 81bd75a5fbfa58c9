package mockwechat

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"oalab/chaos/upstream"
	"oalab/mockwechat/ledger"
	"oalab/mockwechat/platform"
)

// ControlHandler serves the control port, by which a test or a scenario sets the
// platform up and reads what it did (MOCKW-3). Errors are {"error": …} with 4xx.
func (p *Platform) ControlHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /control/reset", p.controlReset)
	mux.HandleFunc("PUT /control/accounts", p.controlAccounts)
	mux.HandleFunc("GET /control/accounts", p.controlListAccounts)
	mux.HandleFunc("POST /control/push", p.loads.Push)
	mux.HandleFunc("GET /control/push", p.loads.State)
	mux.HandleFunc("GET /control/ledger", p.controlLedger)
	mux.HandleFunc("POST /control/scan", p.controlScan)
	mux.HandleFunc("POST /control/login-code", p.controlLoginCode)
	mux.HandleFunc("POST /control/pay", p.controlPay)
	mux.HandleFunc("POST /control/pay/certificate", p.controlPayCertificate)
	mux.HandleFunc("POST /control/component/ticket", p.controlTicket)
	mux.HandleFunc("POST /control/component/unauthorize", p.controlUnauthorize)
	mux.HandleFunc("GET /control/openapi", controlOpenAPI)
	mux.Handle("/control/faults", p.core.Rules().Handler(platform.AcceptRule))
	return mux
}

func (p *Platform) controlReset(w http.ResponseWriter, _ *http.Request) {
	if err := p.Reset(); err != nil {
		upstream.WriteError(w, http.StatusInternalServerError, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (p *Platform) controlAccounts(w http.ResponseWriter, r *http.Request) {
	var accounts []Account
	if err := upstream.ReadJSON(w, r, &accounts); err != nil {
		upstream.WriteError(w, http.StatusBadRequest, fmt.Errorf("accounts: %w", err))
		return
	}
	if err := p.SetAccounts(accounts); err != nil {
		upstream.WriteError(w, http.StatusBadRequest, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (p *Platform) controlListAccounts(w http.ResponseWriter, _ *http.Request) {
	accounts := []Account{}
	for _, a := range p.core.Accounts() {
		accounts = append(accounts, a.Config)
	}
	upstream.WriteJSON(w, http.StatusOK, accounts)
}

// filters are the query parameters of GET /control/ledger; all that are given
// must be equal.
var filters = map[string]func(*ledger.Call) string{
	"kind":          func(c *ledger.Call) string { return string(c.Kind) },
	"account":       func(c *ledger.Call) string { return c.Account },
	"path":          func(c *ledger.Call) string { return c.Path },
	"token":         func(c *ledger.Call) string { return c.Token },
	"token_state":   func(c *ledger.Call) string { return string(c.TokenState) },
	"errcode":       func(c *ledger.Call) string { return strconv.Itoa(c.ErrCode) },
	"openid":        func(c *ledger.Call) string { return c.OpenID },
	"msg_id":        func(c *ledger.Call) string { return c.MsgID },
	"client_msg_id": func(c *ledger.Call) string { return c.ClientMsgID },
	"effect":        func(c *ledger.Call) string { return string(c.Effect) },
	"rule":          func(c *ledger.Call) string { return c.Rule },
	"trade":         func(c *ledger.Call) string { return c.Trade },
	"refund":        func(c *ledger.Call) string { return c.Refund },
	"try":           func(c *ledger.Call) string { return strconv.Itoa(c.Try) },
}

// filterNames are the filters, sorted.
func filterNames() []string { return slices.Sorted(maps.Keys(filters)) }

func filterOf(q url.Values) (func(*ledger.Call) bool, error) {
	for name := range q {
		if filters[name] == nil {
			return nil, fmt.Errorf("unknown filter %q", name)
		}
	}
	return func(c *ledger.Call) bool {
		for name, values := range q {
			if filters[name](c) != values[0] {
				return false
			}
		}
		return true
	}, nil
}

func (p *Platform) controlLedger(w http.ResponseWriter, r *http.Request) {
	keep, err := filterOf(r.URL.Query())
	if err != nil {
		upstream.WriteError(w, http.StatusBadRequest, err)
		return
	}
	w.Header().Set("Content-Type", "application/jsonl")
	out := bufio.NewWriter(w)
	lines := json.NewEncoder(out)
	err = p.core.EachCall(func(c *ledger.Call) error {
		if !keep(c) {
			return nil
		}
		return lines.Encode(c)
	})
	if err = errors.Join(err, out.Flush()); err != nil {
		// Half a ledger must not look like a whole one.
		panic(http.ErrAbortHandler)
	}
}
