package callback

import (
	"net/http"

	"oalab/server/internal/web"
)

// Routes are the addresses that the platform calls, one for each account.
func (h *Handler) Routes() []web.Route {
	serve := func(w http.ResponseWriter, r *http.Request, path web.Path) error {
		h.ServeAccount(w, r, path.Param("account"))
		return nil
	}
	const address = "/wechat/{account}"
	return []web.Route{
		{Method: http.MethodGet, Pattern: address, Area: web.Platform, Serve: serve},
		{Method: http.MethodPost, Pattern: address, Area: web.Platform, Serve: serve},
	}
}
