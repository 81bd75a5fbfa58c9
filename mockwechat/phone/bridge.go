package phone

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"oalab/chaos/upstream"
	"oalab/mockwechat/api"
	"oalab/mockwechat/ledger"
	"oalab/mockwechat/pay"
	"oalab/mockwechat/platform"
)

// browsers are the pages that are open in WeChat's browser: a part of an account's memory.
type browsers struct {
	mu     sync.Mutex
	pages  map[string]granted // by openid
	oldest []string
}

// granted is what a page may use.
type granted struct {
	url  string
	apis []string
}

// maxBrowsers is how many pages are remembered; the oldest goes. Such a page has to be
// configured again.
const maxBrowsers = 64

func (b *browsers) grant(openID string, g granted) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pages == nil {
		b.pages = map[string]granted{}
	}
	b.oldest = slices.DeleteFunc(b.oldest, func(id string) bool { return id == openID })
	if len(b.oldest) == maxBrowsers {
		delete(b.pages, b.oldest[0])
		b.oldest = b.oldest[1:]
	}
	b.pages[openID], b.oldest = g, append(b.oldest, openID)
}

func (b *browsers) of(openID string) granted {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.pages[openID]
}

// The APIs of the bridge that the phone has; others do not exist there.
const (
	jsConfig  = "config"
	jsPay     = "chooseWXPay"
	jsBrand   = "getBrandWCPayRequest" // WeixinJSBridge, which needs no config
	jsCheck   = "checkJsApi"
	jsLeave   = "closeWindow"
	jsNetwork = "getNetworkType"
)

var jsShares = []string{"updateAppMessageShareData", "updateTimelineShareData", "onMenuShareAppMessage", "onMenuShareTimeline"}

// jsOthers say yes and do nothing that a page could see.
var jsOthers = []string{jsCheck, jsLeave, jsNetwork, "hideOptionMenu", "showOptionMenu", "hideMenuItems", "showMenuItems", "hideAllNonBaseMenuItem", "showAllNonBaseMenuItem"}

// bridgeCall is what a page asks the phone through jweixin.
type bridgeCall struct {
	API  string          `json:"api"`
	URL  string          `json:"url"` // of the page, as its window has it
	Args json.RawMessage `json:"args"`
}

// bridgeAnswer is what the page is told, and what the phone shows before.
type bridgeAnswer struct {
	ErrMsg string    `json:"errMsg"`
	Extra  any       `json:"extra,omitempty"` // joined to errMsg
	Bill   *pay.Bill `json:"bill,omitempty"`  // to be paid or refused first
}

type configArgs struct {
	AppID     string   `json:"appId"`
	Timestamp text     `json:"timestamp"`
	NonceStr  string   `json:"nonceStr"`
	Signature string   `json:"signature"`
	APIs      []string `json:"jsApiList"`
}

// text is a text that pages also write as a number.
type text string

// UnmarshalJSON reads either form.
func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err == nil {
		*t = text(s)
		return nil
	}
	var n json.Number
	err := json.Unmarshal(b, &n)
	*t = text(n.String())
	return err
}

// inquiry is one call of the bridge under way.
type inquiry struct {
	s    *Server
	v    visit
	call bridgeCall
	page *url.URL
	rule string
}

// breaks notes that a page breaks a rule. A rule that is not enforced is never broken.
func (q *inquiry) breaks(rule string, broken bool) bool {
	if !broken || q.s.lenient[rule] {
		return false
	}
	q.rule = rule
	return true
}

// bridge is POST …/bridge: a page in WeChat's browser asks the phone.
func (s *Server) bridge(w http.ResponseWriter, r *http.Request, v visit) {
	q := inquiry{s: s, v: v}
	if err := upstream.ReadJSON(w, r, &q.call); err != nil {
		upstream.WriteError(w, http.StatusBadRequest, err)
		return
	}
	var err error
	if q.page, err = url.Parse(q.call.URL); err != nil || q.page.Host == "" {
		q.page = &url.URL{}
	}
	a := q.serve()
	if q.rule != "" {
		a = bridgeAnswer{ErrMsg: q.call.API + ":" + refusals[q.rule]}
	}
	line := ledger.Call{
		At: s.p.Now(), Kind: ledger.KindPage, Account: v.acc.Config.Name, Path: "jssdk/" + q.call.API, OpenID: v.openID,
		Status: http.StatusOK, Rule: q.rule, Reply: a.ErrMsg, Content: string(q.call.Args),
	}
	if q.rule != "" {
		line.Effect = ledger.EffectRefused
	}
	if err := s.p.Record(&line); err != nil {
		upstream.WriteError(w, http.StatusInternalServerError, err)
		return
	}
	upstream.WriteJSON(w, http.StatusOK, a)
}

func (q *inquiry) serve() bridgeAnswer {
	name := q.call.API
	ok := bridgeAnswer{ErrMsg: name + ":ok"}
	share := slices.Contains(jsShares, name)
	switch {
	case name == jsConfig:
		q.config()
		return ok
	case name == jsBrand:
		return q.bill()
	case q.breaks("js-function", name != jsPay && !share && !slices.Contains(jsOthers, name)),
		q.breaks("js-denied", !q.may(name)):
		return ok
	case name == jsPay:
		return q.bill()
	case name == jsCheck:
		return q.check()
	case name == jsNetwork:
		ok.Extra = map[string]string{"networkType": "wifi"}
	case share:
		q.share()
	}
	return ok
}

// config judges wx.config: the page is signed by the account's ticket (sheet 4.4).
func (q *inquiry) config() {
	var c configArgs
	_ = json.Unmarshal(q.call.Args, &c) // what cannot be read is missing
	page := withoutFragment(q.call.URL)
	ticket := api.JSTicket(q.v.acc, q.s.p.Now())
	sum := sha1.Sum([]byte("jsapi_ticket=" + ticket + "&noncestr=" + c.NonceStr + "&timestamp=" + string(c.Timestamp) + "&url=" + page))
	switch {
	case q.breaks("js-appid", c.AppID != q.v.acc.Config.AppID),
		q.breaks("js-list", len(c.APIs) == 0),
		q.breaks("js-domain", q.page.Host == "" || !q.v.acc.Config.MayRedirect(q.page.Host)),
		q.breaks("js-signature", ticket == "" || c.Signature != hex.EncodeToString(sum[:])):
		platform.Part[browsers](q.v.acc).grant(q.v.openID, granted{})
	default:
		platform.Part[browsers](q.v.acc).grant(q.v.openID, granted{page, c.APIs})
	}
}

// may says whether the page was granted an API. The basic ones are for every page.
func (q *inquiry) may(name string) bool {
	g := platform.Part[browsers](q.v.acc).of(q.v.openID)
	return g.url != "" && g.url == withoutFragment(q.call.URL) && (slices.Contains(g.apis, name) || name == jsCheck)
}

func withoutFragment(page string) string {
	page, _, _ = strings.Cut(page, "#")
	return page
}

func (q *inquiry) check() bridgeAnswer {
	var c struct {
		APIs []string `json:"jsApiList"`
	}
	_ = json.Unmarshal(q.call.Args, &c) // what cannot be read is missing
	result := map[string]bool{}
	for _, name := range c.APIs {
		result[name] = q.may(name)
	}
	return bridgeAnswer{ErrMsg: jsCheck + ":ok", Extra: map[string]any{"checkResult": result}}
}

// share judges what a page gives to be shared.
func (q *inquiry) share() {
	var c struct {
		Title string `json:"title"`
		Link  string `json:"link"`
	}
	_ = json.Unmarshal(q.call.Args, &c) // what cannot be read is missing
	link, err := url.Parse(c.Link)
	if !q.breaks("js-share-fields", c.Title == "" || c.Link == "") {
		q.breaks("js-share-link", c.Link != "" && (err != nil || link.Host != q.page.Host))
	}
}

// sheet is what a page gives to pay. chooseWXPay writes timestamp, the bridge timeStamp.
func (c bridgeCall) sheet() pay.Sheet {
	var a struct {
		AppID    string `json:"appId"`
		Lower    text   `json:"timestamp"`
		Upper    text   `json:"timeStamp"`
		NonceStr string `json:"nonceStr"`
		Package  string `json:"package"`
		SignType string `json:"signType"`
		PaySign  string `json:"paySign"`
	}
	_ = json.Unmarshal(c.Args, &a) // what cannot be read is missing, and refused
	if a.Upper == "" {
		a.Upper = a.Lower
	}
	return pay.Sheet{AppID: a.AppID, TimeStamp: string(a.Upper), NonceStr: a.NonceStr, Package: a.Package, SignType: a.SignType, PaySign: a.PaySign}
}

// paySheet is the sheet of a call. chooseWXPay has no appId: it is that of the config.
func (q *inquiry) paySheet() pay.Sheet {
	s := q.call.sheet()
	if s.AppID == "" {
		s.AppID = q.v.acc.Config.AppID
	}
	return s
}

// bill shows what is to be paid, before the follower decides.
func (q *inquiry) bill() bridgeAnswer {
	b, err := q.s.payments.Look(q.v.openID, q.paySheet())
	if err != nil {
		return bridgeAnswer{ErrMsg: q.call.API + ":fail", Extra: map[string]string{"err_desc": err.Error()}}
	}
	return bridgeAnswer{ErrMsg: q.call.API + ":ok", Bill: &b}
}

// settle is POST …/pay: the follower pays or refuses what a bill has shown.
func (s *Server) settle(w http.ResponseWriter, r *http.Request, v visit) {
	q := inquiry{s: s, v: v}
	var body struct {
		bridgeCall

		Pays bool `json:"pays"`
	}
	if err := upstream.ReadJSON(w, r, &body); err != nil {
		upstream.WriteError(w, http.StatusBadRequest, err)
		return
	}
	q.call = body.bridgeCall
	a := bridgeAnswer{ErrMsg: q.call.API + ":cancel"}
	if body.Pays {
		a.ErrMsg = q.call.API + ":ok"
		if _, err := s.payments.Pay(v.openID, q.paySheet(), nil); err != nil { // it is in the ledger
			a = bridgeAnswer{ErrMsg: q.call.API + ":fail", Extra: map[string]string{"err_desc": err.Error()}}
		}
	} else {
		line := ledger.Call{
			At: s.p.Now(), Kind: ledger.KindPay, Account: v.acc.Config.Name, Path: pay.PathPayer, OpenID: v.openID, Reply: a.ErrMsg,
		}
		if err := s.p.Record(&line); err != nil {
			upstream.WriteError(w, http.StatusInternalServerError, err)
			return
		}
	}
	upstream.WriteJSON(w, http.StatusOK, a)
}
