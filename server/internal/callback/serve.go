package callback

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"oalab/server/internal/message"
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
		h.push(w, r, account, query, time.Now())
	default:
		w.Header().Set("Allow", "GET, POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

// push answers one try of a message.
func (h *Handler) push(w http.ResponseWriter, r *http.Request, account *Account, query url.Values, now time.Time) {
	waited, gone := h.cfg.Peer(r)
	t := try{Handler: h, w: w, r: r, account: account, query: query, arrived: now.Add(-waited)}
	// Of a try that has its answer already nothing but the body costs work.
	if (gone || !h.flights.awaits(sender(account, query))) && !t.enter(gone) {
		return
	}
	defer t.place.leave()
	t.serve()
}

// sender names a follower as the platform's address does, which is not signed: a hint.
func sender(account *Account, query url.Values) string {
	return account.Name + "|" + query.Get("openid")
}

// try is one try of a message that is being served.
type try struct {
	*Handler
	w       http.ResponseWriter
	r       *http.Request
	account *Account
	query   url.Values
	arrived time.Time
	place   place
}

// enter waits until the try may be worked on. One that is refused is answered 429: this
// server is full, and so are those beside it; the platform comes again (SEC-2).
func (t *try) enter(gone bool) bool {
	v := refusedGone
	if !gone {
		v = t.admission.enter(t.r, t.arrived, t.cfg.Peer)
	}
	t.metrics.admitted[v].Inc()
	if v.in() {
		t.place = place{door: t.admission, begun: time.Now(), deadline: t.deadline()}
	} else {
		t.metrics.refused.WithLabelValues(refusedBusy).Inc()
		t.full.Do(func() {
			served, waiting := t.admission.counts()
			t.log.LogAttrs(t.r.Context(), slog.LevelWarn, "tries are refused: more come than can be answered in time",
				slog.String("account", t.account.Name), slog.String("reason", string(v)), slog.Int("served", served), slog.Int("waiting", waiting))
		})
		t.w.Header().Set("Retry-After", "1")
		t.w.WriteHeader(http.StatusTooManyRequests)
	}
	return v.in()
}

func (t *try) deadline() time.Time { return t.arrived.Add(t.cfg.Budget) }

// serve reads the try and answers it.
func (t *try) serve() {
	ctx, cancel := context.WithDeadline(t.r.Context(), t.deadline())
	defer cancel()
	m, cipher, ok := t.message()
	if !ok {
		return
	}
	of := message.Heard{Account: t.account.Name, Key: t.cfg.Key(m), Message: m}
	key := of.Account + "|" + of.Key
	if t.recent.again(key, t.arrived) {
		t.metrics.duplicates.Inc()
	}
	if t.place.door == nil {
		if m.AllowsReply() && t.flights.ready(key) {
			t.metrics.admitted[admittedKept].Inc()
		} else if !t.enter(false) { // another message of that follower
			return
		}
	}
	result, err := t.answer(ctx, key, of, t.arrived, &t.place, t.leave(t.r))
	if err != nil {
		t.fail(ctx, t.w, t.account.Name, m, err)
		return
	}
	t.metrics.messages.WithLabelValues(typeLabel(m), result.outcome).Inc()
	if result.outcome == outcomeHandedOver {
		t.metrics.handedOver.Inc()
	}
	if result.outcome == outcomeStale {
		t.w.Header().Set(staleHeader, "1")
	}
	t.send(ctx, result, cipher)
}

// message reads the message that the try brings; false: it was refused.
func (t *try) message() (*wechat.Message, *wechat.Cipher, bool) {
	encrypted := t.query.Get("encrypt_type") == "aes"
	if reason, detail := t.account.admit(encrypted); reason != "" {
		t.refuse(t.w, t.r, t.account.Name, http.StatusBadRequest, reason, detail)
		return nil, nil, false
	}
	body, status, reason := t.read(t.w, t.r, t.arrived)
	if reason != "" {
		t.refuse(t.w, t.r, t.account.Name, status, reason, "body was not read: "+reason)
		return nil, nil, false
	}
	m, cipher, err := t.account.message(body, t.query, encrypted)
	if err != nil {
		status, reason := judge(err)
		t.refuse(t.w, t.r, t.account.Name, status, reason, err.Error())
		return nil, nil, false
	}
	return m, cipher, true
}

// send writes the answer. One that comes in time to a sender that is still there is what
// the server is for; anything else was work for nothing.
func (t *try) send(ctx context.Context, result answer, cipher *wechat.Cipher) {
	if result.body == nil {
		t.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		write(t.w, []byte(wechat.Success))
	} else {
		reply := result.body
		if cipher != nil {
			reply = t.account.seal(reply, cipher, t.query, t.arrived)
		}
		t.w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		write(t.w, reply)
	}
	t.metrics.seconds.Observe(time.Since(t.arrived).Seconds())
	if ctx.Err() == nil {
		t.metrics.inTime.Inc()
	}
}

// read reads the body within its limit and the budget; reason is "" when it did.
func (h *Handler) read(w http.ResponseWriter, r *http.Request, arrived time.Time) (body []byte, status int, reason string) {
	control := http.NewResponseController(w)
	// A recorder in a test cannot do this; a connection can.
	limited := control.SetReadDeadline(arrived.Add(h.cfg.Budget)) == nil
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.cfg.BodyLimit))
	if err == nil {
		if limited {
			_ = control.SetReadDeadline(time.Time{}) // it succeeded before
		}
		return body, http.StatusOK, ""
	}
	// The deadline stays: the HTTP server reads on for the rest of a body after the answer.
	// Otherwise a sender that drips would hold its connection for ever.
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

// refuse answers a call that is not the platform's or that cannot be read. Such calls come
// from anywhere and in any number: each is counted, and each reason is logged at most once
// in refusedEvery, with the last call's account.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, account string, status int, reason, detail string) {
	h.metrics.refused.WithLabelValues(reason).Inc()
	if times, tell := h.refusals.Tell(reason, time.Now()); tell {
		h.log.LogAttrs(r.Context(), slog.LevelInfo, "callbacks refused",
			slog.String("account", account), slog.String("reason", reason), slog.String("detail", detail), slog.Int("times", times))
	}
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
// reply that differs from this one (MSG-6). 503 says that this server cannot serve, and a
// load balancer asks the next; 429 that it is full, and asking the next would only add to
// what is too much already (DIS-7).
func (h *Handler) fail(ctx context.Context, w http.ResponseWriter, account string, m *wechat.Message, err error) {
	outcome, level, status := outcomeFailed, slog.LevelError, http.StatusServiceUnavailable
	switch {
	case errors.Is(err, errBusy):
		outcome, level, status = outcomeBusy, slog.LevelWarn, http.StatusTooManyRequests
	case errors.Is(err, errStopping):
		outcome, level = outcomeBusy, slog.LevelWarn
	case ctx.Err() != nil:
		outcome, level = outcomeLate, slog.LevelWarn
		if h.admission.overloaded() { // the next server would only be later still
			status = http.StatusTooManyRequests
		}
	}
	h.metrics.messages.WithLabelValues(typeLabel(m), outcome).Inc()
	h.log.LogAttrs(ctx, level, "message not answered",
		slog.String("account", account), slog.String("message", m.Key()), slog.String("outcome", outcome), slog.Any("error", err))
	if status == http.StatusServiceUnavailable && errors.Is(err, errStale) {
		w.Header().Set(possibleHeader, "1")
	}
	w.WriteHeader(status)
}

// write sends a body. An error means that the platform has hung up, and needs no answer.
func write(w http.ResponseWriter, body []byte) { _, _ = w.Write(body) }
