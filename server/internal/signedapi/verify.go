package signedapi

import (
	"bytes"
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/web"
	"oalab/server/signing"
)

// Skew is how far the timestamp of a request may be from this server's clock.
const Skew = 5 * time.Minute

// Remembered is how long a nonce is remembered: while its timestamp counts, at its earliest
// and at its latest.
const Remembered = 2 * Skew

// Bounds of a nonce, in characters.
const (
	shortestNonce = 8
	longestNonce  = 64
)

// Why a request is refused, as oalab_api_refused_total counts it.
const (
	reasonForm      = "form"      // a parameter is missing or has another form
	reasonApp       = "app"       // the app is not known
	reasonTime      = "time"      // the timestamp is too far from this server's clock
	reasonSignature = "signature" // the signature is not that of the request
	reasonReplay    = "replay"    // the nonce was used before
	reasonRight     = "right"     // the app may not ask for this
	reasonFull      = "full"      // the nonce cannot be remembered
)

// Verifier judges signed requests. It is safe for concurrent use.
type Verifier struct {
	apps    map[string]App
	nonces  Nonces
	refused *prometheus.CounterVec
}

// NewVerifier makes a Verifier of the apps, and registers oalab_api_refused_total with reg,
// which may be nil.
func NewVerifier(apps []App, nonces Nonces, reg prometheus.Registerer) (*Verifier, error) {
	v := &Verifier{apps: make(map[string]App), nonces: nonces, refused: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "oalab_api_refused_total", Help: "Signed requests that were refused, by reason.",
	}, []string{"reason"})}
	for _, a := range apps {
		v.apps[a.Name] = a
	}
	for _, r := range []string{reasonForm, reasonApp, reasonTime, reasonSignature, reasonReplay, reasonRight, reasonFull} {
		v.refused.WithLabelValues(r)
	}
	if reg != nil {
		if err := reg.Register(v.refused); err != nil {
			return nil, fmt.Errorf("register metrics of signed requests: %w", err)
		}
	}
	return v, nil
}

// refuse counts a refusal. Its cause is told to the caller, and holds no secret.
func (v *Verifier) refuse(reason string, as error, format string, args ...any) error {
	v.refused.WithLabelValues(reason).Inc()
	return fmt.Errorf("%w: %s", as, fmt.Sprintf(format, args...))
}

// Verify reads the body of a request and judges its signature, and whether its app has a
// right. The body can be read again. Its errors are those of package web.
func (v *Verifier) Verify(r *http.Request, right Right) (App, error) {
	body, err := io.ReadAll(r.Body) // bounded by the area of the route
	if err != nil {
		return App{}, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return App{}, v.refuse(reasonForm, web.ErrSignature, "the query cannot be read")
	}
	for _, name := range []string{signing.ParamApp, signing.ParamTimestamp, signing.ParamNonce, signing.ParamSign, signing.ParamSignType} {
		if len(query[name]) > 1 || len(query[name]) == 0 && name != signing.ParamSignType {
			return App{}, v.refuse(reasonForm, web.ErrSignature, "parameter %s must stand once", name)
		}
	}
	return v.VerifyText(r.Context(), signing.Text(r.Method, r.URL.EscapedPath(), query, body), Claim{
		App: query.Get(signing.ParamApp), Timestamp: query.Get(signing.ParamTimestamp), Nonce: query.Get(signing.ParamNonce),
		Type: query.Get(signing.ParamSignType), Sign: query.Get(signing.ParamSign),
	}, right)
}

// VerifyText is Verify for a request of another form, of which text is what its app has signed.
func (v *Verifier) VerifyText(ctx context.Context, text []byte, c Claim, right Right) (App, error) {
	app, err := v.signed(text, c)
	if err == nil {
		err = v.may(app, right)
	}
	if err != nil {
		return App{}, err
	}
	return app, v.first(ctx, app, c.Nonce)
}

// Certified returns the app that a certificate names, if it has a right: what is asked on its
// connection needs no signature. The certificate was judged before.
func (v *Verifier) Certified(name string, right Right) (App, error) {
	app, known := v.apps[name]
	if !known {
		return App{}, v.refuse(reasonApp, web.ErrSignature, "the app of the certificate is not known")
	}
	return app, v.may(app, right)
}

func (v *Verifier) may(app App, right Right) error {
	if !app.May(right) {
		return v.refuse(reasonRight, web.ErrForbidden, "app %s lacks the right %s", app.Name, right)
	}
	return nil
}

// Claim is what a request says of its signature.
type Claim struct{ App, Timestamp, Nonce, Type, Sign string }

// signed judges time and signature of a text.
func (v *Verifier) signed(text []byte, c Claim) (App, error) {
	if len(c.Nonce) < shortestNonce || len(c.Nonce) > longestNonce {
		return App{}, v.refuse(reasonForm, web.ErrSignature, "the nonce has not %d to %d characters", shortestNonce, longestNonce)
	}
	at, err := strconv.ParseInt(c.Timestamp, 10, 64)
	if err != nil {
		return App{}, v.refuse(reasonForm, web.ErrSignature, "the timestamp is no number of seconds")
	}
	if now := time.Now().Unix(); at < now-int64(Skew/time.Second) || at > now+int64(Skew/time.Second) {
		return App{}, v.refuse(reasonTime, web.ErrSignature, "the timestamp is more than %s from the server's clock", Skew)
	}
	app, known := v.apps[c.App]
	if !known {
		return App{}, v.refuse(reasonApp, web.ErrSignature, "the app is not known")
	}
	make := signing.HMAC
	switch {
	case c.Type == signing.TypeMD5 && app.MD5:
		make = signing.MD5
	case c.Type != "" && c.Type != signing.TypeHMAC:
		return App{}, v.refuse(reasonForm, web.ErrSignature, "signatures of this type are not taken from app %s", app.Name)
	}
	good := hmac.Equal([]byte(c.Sign), []byte(make(text, string(app.Secret))))
	if app.PreviousSecret != "" {
		good = hmac.Equal([]byte(c.Sign), []byte(make(text, string(app.PreviousSecret)))) || good
	}
	if !good {
		return App{}, v.refuse(reasonSignature, web.ErrSignature, "the signature is not that of this request")
	}
	return app, nil
}

// first judges the nonce. It comes last: a request that is not the app's uses up no nonce.
func (v *Verifier) first(ctx context.Context, app App, nonce string) error {
	first, err := v.nonces.Once(ctx, app.Name, nonce, Remembered)
	switch {
	case errors.Is(err, ErrFull):
		return v.refuse(reasonFull, web.ErrUnavailable, "%v", err)
	case err != nil:
		return err
	case !first:
		return v.refuse(reasonReplay, web.ErrSignature, "the nonce was used before")
	}
	return nil
}
