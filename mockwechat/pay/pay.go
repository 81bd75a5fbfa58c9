// Package pay owns the mock's half of WeChat Pay v3 (BIZ-8): orders of the JSAPI way, queries,
// closing, refunds, bills and the platform's certificates; the payer, which pays with what a page gives
// the phone; and the notifications. Requests are verified by the merchant's certificate,
// answers and notifications are signed by the platform's. Paths, fields and algorithms are
// those of sheet 6.4 and of wechatpay-go v0.2.20.
package pay

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"oalab/mockwechat/ledger"
	"oalab/mockwechat/platform"
)

// prefix of all paths of WeChat Pay v3.
const prefix = "/v3/"

// Has says whether a path belongs to WeChat Pay.
func Has(path string) bool { return strings.HasPrefix(path, prefix) }

// endpoints are the calls, by verb and path.
var endpoints = map[string]func(*call) answer{
	"POST /v3/pay/transactions/jsapi":                             servePrepay,
	"GET /v3/pay/transactions/id/{transaction_id}":                serveByTransaction,
	"GET /v3/pay/transactions/out-trade-no/{out_trade_no}":        serveByTrade,
	"POST /v3/pay/transactions/out-trade-no/{out_trade_no}/close": serveClose,
	"POST /v3/refund/domestic/refunds":                            serveRefund,
	"GET /v3/refund/domestic/refunds/{out_refund_no}":             serveRefundQuery,
	"GET /v3/certificates":                                        serveCertificates,
	"GET /v3/bill/tradebill":                                      serveTradeBill,
	"GET /v3/bill/fundflowbill":                                   serveFundBill,
	"GET " + pathBillFile:                                         serveBillFile,
}

// pathBillFile is where bills are downloaded.
const pathBillFile = "/v3/billdownload/file"

// Paths are the paths of all calls as faults and the ledger name them, sorted.
func Paths() []string {
	var paths []string
	for pattern := range endpoints {
		paths = append(paths, pathOf(pattern))
	}
	slices.Sort(paths)
	return paths
}

// pathOf is a pattern without its verb.
func pathOf(pattern string) string {
	_, path, _ := strings.Cut(pattern, " ")
	return path
}

// Server serves WeChat Pay. All methods are safe for concurrent use.
type Server struct {
	p            *platform.Platform
	done         context.Context // ends what waits when the platform stops
	certificates *Certificates
	background   func(func()) error
	lenient      map[string]bool // rules that are not enforced
	mux          *http.ServeMux
	client       *http.Client // of notifications
}

// New serves WeChat Pay for the merchants of a platform. Work that outlives a call is given to
// background; ctx ends it. It fails for a lenient rule that does not exist.
func New(ctx context.Context, p *platform.Platform, certificates *Certificates, background func(func()) error, lenient []string) (*Server, error) {
	s := &Server{
		p: p, done: ctx, certificates: certificates, background: background,
		lenient: map[string]bool{}, mux: http.NewServeMux(), client: newClient(),
	}
	for _, rule := range lenient {
		if _, ok := refusals[rule]; !ok {
			return nil, fmt.Errorf("%w: no rule is called %q", platform.ErrConfig, rule)
		}
		s.lenient[rule] = true
	}
	for pattern, serve := range endpoints {
		s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, pathOf(pattern), serve) })
	}
	s.mux.HandleFunc(prefix, func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, r, r.URL.Path, func(*call) answer { return refuse(codeNoResource) })
	})
	return s, nil
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// call is one call under way.
type call struct {
	*http.Request
	s     *Server
	path  string // as the ledger names it
	work  func(*call) answer
	body  []byte
	auth  authorization
	whole bool               // nothing is missing in auth
	acc   *platform.Official // of the merchant; nil: the call names none that the platform knows
	now   time.Time
	line  ledger.Call
	rule  string // that the call breaks
}

// answer is what the platform says.
type answer struct {
	refusal refusal // its zero value: a success
	fields  any     // of a success; nil: 204, no body
	file    *file   // of a success that is no JSON, and that is not signed
}

// file is a bill.
type file struct {
	contentType string
	body        []byte
}

func refuse(r refusal) answer { return answer{refusal: r} }

// maxBody is the longest body, in bytes.
const maxBody = 1 << 20

func (s *Server) serve(w http.ResponseWriter, r *http.Request, path string, work func(*call) answer) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "the body cannot be read", http.StatusRequestEntityTooLarge)
		return // nothing was asked
	}
	c := &call{Request: r, s: s, path: path, work: work, body: body}
	account := ""
	c.auth, c.whole = readAuthorization(r.Header.Get("Authorization"))
	if c.acc = s.p.OfMerchant(c.auth.mchID); c.acc != nil {
		account = c.acc.Config.Name
	}
	c.play(w, s.p.Decide(path, path, account))
}

// run does the work and records it before it is heard of. injected, when it is not the zero
// value, is answered in place of the work; lost: no answer will be read.
func (c *call) run(injected refusal, lost bool) answer {
	c.now, c.rule = c.s.p.Now(), ""
	c.line = ledger.Call{At: c.now, Kind: ledger.KindPay, Path: c.path}
	if c.acc != nil {
		c.line.Account = c.acc.Config.Name
	}
	a := c.judge()
	if a.refusal == (refusal{}) && injected != (refusal{}) {
		a = refuse(injected)
	}
	if a.refusal == (refusal{}) {
		a = c.work(c)
	}
	c.line.Rule = c.rule
	if a.refusal != (refusal{}) {
		c.line.ErrCode, c.line.Effect = a.refusal.status, ledger.EffectRefused
	}
	if !lost {
		c.line.Status = a.status()
	}
	if err := c.s.p.Record(&c.line); err != nil {
		return refuse(codeSystem)
	}
	return a
}

func (a answer) status() int {
	switch {
	case a.refusal != (refusal{}):
		return a.refusal.status
	case a.fields == nil && a.file == nil:
		return http.StatusNoContent
	}
	return http.StatusOK
}

// encode writes an answer the way the platform does.
func (a answer) encode() []byte {
	fields := a.fields
	if a.refusal != (refusal{}) {
		fields = map[string]string{"code": a.refusal.code, "message": a.refusal.message}
	}
	if fields == nil {
		return nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(fields) // of texts and numbers alone
	return bytes.TrimSpace(b.Bytes())
}

// decode reads a JSON body; unknown keys are ignored.
func (c *call) decode(v any) bool { return json.Unmarshal(c.body, v) == nil }

// zone is the time zone of the platform's times.
var zone = time.FixedZone("CST", 8*3600)

// stamp writes a time as the platform does.
func stamp(t time.Time) string { return t.In(zone).Format(time.RFC3339) }

// digits are n digits of the platform's own sequence.
func (s *Server) digits(n int) string {
	var b strings.Builder
	for b.Len() < n {
		fmt.Fprintf(&b, "%016d", s.p.Random()%1e16)
	}
	return b.String()[:n]
}

// letters are n letters and digits of the platform's own sequence.
func (s *Server) letters(n int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[s.p.Random()%uint64(len(alphabet))]
	}
	return string(b)
}
