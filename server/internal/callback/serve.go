package callback

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"oalab/server/wechat"
)

// ServeAccount answers one call for the named account. What it writes is what
// the platform's protocol says, never the JSON envelope of the other pages.
func (h *Handler) ServeAccount(w http.ResponseWriter, r *http.Request, name string) {
	account, ok := h.accounts[name]
	if !ok {
		h.refuse(w, r, name, http.StatusNotFound, refusedAccount, "")
		return
	}
	query := r.URL.Query()
	if !wechat.SignatureMatches(query.Get("signature"), account.Token, query.Get("timestamp"), query.Get("nonce")) {
		h.refuse(w, r, name, http.StatusForbidden, refusedSignature, "")
		return
	}
	switch r.Method {
	case http.MethodGet:
		// The platform compares the bytes: nothing may be added.
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		write(w, []byte(query.Get("echostr")))
	case http.MethodPost:
		started := time.Now()
		h.push(w, r, account, query, started)
		h.metrics.seconds.Observe(time.Since(started).Seconds())
	default:
		w.Header().Set("Allow", "GET, POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// push answers one try of a message.
func (h *Handler) push(w http.ResponseWriter, r *http.Request, account *Account, query url.Values, arrived time.Time) {
	ctx, cancel := context.WithDeadline(r.Context(), arrived.Add(h.cfg.Budget))
	defer cancel()
	if !h.slots.take(ctx) {
		w.Header().Set("Retry-After", "1")
		h.refuse(w, r, account.Name, http.StatusServiceUnavailable, refusedBusy, "")
		return
	}
	defer h.slots.give()
	encrypted := query.Get("encrypt_type") == "aes"
	if reason, detail := account.admit(encrypted); reason != "" {
		h.refuse(w, r, account.Name, http.StatusBadRequest, reason, detail)
		return
	}
	body, status, reason := h.read(w, r, arrived)
	if reason != "" {
		h.refuse(w, r, account.Name, status, reason, "body was not read: "+reason)
		return
	}
	m, cipher, err := account.message(body, query, encrypted)
	if err != nil {
		status, reason := judge(err)
		h.refuse(w, r, account.Name, status, reason, err.Error())
		return
	}
	if h.recent.again(account.Name+"|"+m.Key(), arrived) {
		h.metrics.duplicates.Inc()
	}
	result, err := h.answer(ctx, account.Name, m, arrived)
	if err != nil {
		h.fail(ctx, w, account.Name, m, err)
		return
	}
	h.metrics.messages.WithLabelValues(typeLabel(m), result.outcome).Inc()
	if result.outcome == outcomeHandedOver {
		h.metrics.handedOver.Inc()
	}
	if result.body == nil {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		write(w, []byte(wechat.Success))
		return
	}
	reply := result.body
	if cipher != nil {
		reply = account.seal(reply, cipher, query, arrived)
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	write(w, reply)
}

// read reads the body within its limit and the budget; reason is "" when it did.
func (h *Handler) read(w http.ResponseWriter, r *http.Request, arrived time.Time) (body []byte, status int, reason string) {
	control := http.NewResponseController(w)
	// A recorder in a test cannot do this; a connection can.
	limited := control.SetReadDeadline(arrived.Add(h.cfg.Budget)) == nil
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.cfg.BodyLimit))
	if limited {
		_ = control.SetReadDeadline(time.Time{}) // it succeeded before
	}
	if err == nil {
		return body, http.StatusOK, ""
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, http.StatusRequestEntityTooLarge, refusedTooLarge
	}
	return nil, http.StatusBadRequest, refusedBody
}

// judge maps the refusal of the parser or the decrypter to the answer and the
// counter (MSG-8).
func judge(err error) (status int, reason string) {
	switch {
	case errors.Is(err, wechat.ErrMsgSignature):
		return http.StatusForbidden, refusedMsgSignature
	case errors.Is(err, wechat.ErrEnvelope):
		return http.StatusBadRequest, refusedEnvelope
	case errors.Is(err, wechat.ErrBase64):
		return http.StatusBadRequest, refusedBase64
	case errors.Is(err, wechat.ErrDecrypt):
		return http.StatusBadRequest, refusedDecrypt
	case errors.Is(err, wechat.ErrBuffer):
		return http.StatusBadRequest, refusedBuffer
	case errors.Is(err, wechat.ErrAppID):
		return http.StatusBadRequest, refusedAppID
	case errors.Is(err, wechat.ErrTooLarge):
		return http.StatusRequestEntityTooLarge, refusedTooLarge
	case errors.Is(err, wechat.ErrForbidden):
		return http.StatusBadRequest, refusedForbidden
	case errors.Is(err, wechat.ErrTooComplex):
		return http.StatusBadRequest, refusedComplex
	case errors.Is(err, wechat.ErrField):
		return http.StatusBadRequest, refusedField
	default:
		return http.StatusBadRequest, refusedMalformed
	}
}

// refuse answers a call that is not the platform's or that nobody can read.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, account string, status int, reason, detail string) {
	h.metrics.refused.WithLabelValues(reason).Inc()
	h.log.LogAttrs(r.Context(), slog.LevelInfo, "callback refused",
		slog.String("account", account), slog.String("reason", reason), slog.String("detail", detail))
	if detail == "" {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	write(w, []byte(detail+"\n"))
}

// fail answers a try whose reply is not known. It is not "success": then the
// platform would not come again, and a try after a lost answer could get a
// reply that differs from this one (MSG-6).
func (h *Handler) fail(ctx context.Context, w http.ResponseWriter, account string, m *wechat.Message, err error) {
	outcome, level := outcomeFailed, slog.LevelError
	switch {
	case errors.Is(err, errBusy):
		outcome, level = outcomeBusy, slog.LevelWarn
	case ctx.Err() != nil:
		outcome, level = outcomeLate, slog.LevelWarn
	}
	h.metrics.messages.WithLabelValues(typeLabel(m), outcome).Inc()
	h.log.LogAttrs(ctx, level, "message not answered",
		slog.String("account", account), slog.String("message", m.Key()), slog.String("outcome", outcome), slog.Any("error", err))
	w.WriteHeader(http.StatusServiceUnavailable)
}

// write sends a body. When the platform has hung up nobody is left to be told.
func write(w http.ResponseWriter, body []byte) { _, _ = w.Write(body) }
