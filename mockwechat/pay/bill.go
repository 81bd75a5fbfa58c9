package pay

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha1"
	"encoding/hex"
	"net/url"
	"slices"
	"time"

	"oalab/mockwechat/platform"
)

// Paths, types and codes of bills are those of go-pay/gopay (wechat/v3/model_bill.go), of
// wechatpay-go's FAQ and of the platform's pages on bills; when a bill is ready is in the texts
// of their code STATEMENT_CREATING. The life of an address is from general knowledge.

const (
	billLife    = 5 * time.Minute // of a download address
	billHistory = 3               // months that bills reach back
	tradeReady  = 8 * time.Hour   // on the day after
	fundReady   = 10 * time.Hour
	tarGzip     = "GZIP"
)

// ticket is the right to download a bill. The bill is written when it is asked for: what
// happened on a day that is over does not change.
type ticket struct {
	write   func(b *book, day time.Time) []byte // nil: there is none
	day     time.Time
	gzip    bool
	expires time.Time
}

// serveTradeBill is GET /v3/bill/tradebill.
func serveTradeBill(c *call) answer {
	kind := billAll
	if q := c.URL.Query(); q.Has("bill_type") {
		kind = q.Get("bill_type")
	}
	if c.breaks("pay-bill-type", kind != billAll && kind != billPaid && kind != billRefunds) {
		return c.refusal()
	}
	merchant := c.acc.Config
	return c.offer(tradeReady, func(b *book, day time.Time) []byte { return tradeBill(b.entriesOf(day), merchant, kind) })
}

// serveFundBill is GET /v3/bill/fundflowbill. The mock's merchants have the basic account alone:
// for the two others there is never a bill.
func serveFundBill(c *call) answer {
	kind := accountBasic
	if q := c.URL.Query(); q.Has("account_type") {
		kind = q.Get("account_type")
	}
	if c.breaks("pay-bill-account", kind != accountBasic && kind != "OPERATION" && kind != "FEES") {
		return c.refusal()
	}
	mchID := c.acc.Config.Pay.MchID
	return c.offer(fundReady, func(b *book, day time.Time) []byte {
		if kind != accountBasic {
			return nil
		}
		return fundBill(b.entries(), mchID, day)
	})
}

// offer judges the day that is asked for, and gives the address of its bill.
func (c *call) offer(ready time.Duration, write func(*book, time.Time) []byte) answer {
	q := c.URL.Query()
	day, err := time.ParseInLocation(time.DateOnly, q.Get("bill_date"), zone)
	tar := q.Get("tar_type")
	switch {
	case c.breaks("pay-bill-date", err != nil),
		c.breaks("pay-bill-tar", tar != "" && tar != tarGzip),
		c.breaks("pay-bill-range", day.After(c.now) || day.Before(c.now.AddDate(0, -billHistory, 0))),
		c.breaks("pay-bill-creating", !c.acc.Config.Pay.BillsAtOnce && c.now.Before(day.AddDate(0, 0, 1).Add(ready))):
		return c.refusal()
	}
	b := open(c.acc)
	defer b.mu.Unlock()
	content := write(b, day)
	if c.breaks("pay-bill-none", len(content) == 0) {
		return c.refusal()
	}
	for token, t := range b.bills {
		if !c.now.Before(t.expires) {
			delete(b.bills, token)
		}
	}
	token := c.s.letters(tokenLength)
	b.bills[token] = ticket{write: write, day: day, gzip: tar == tarGzip, expires: c.now.Add(billLife)}
	sum := sha1.Sum(content)
	scheme := "http"
	if c.TLS != nil {
		scheme = "https"
	}
	address := url.URL{Scheme: scheme, Host: c.Host, Path: pathBillFile, RawQuery: "token=" + token}
	return answer{fields: map[string]string{"hash_type": "SHA1", "hash_value": hex.EncodeToString(sum[:]), "download_url": address.String()}}
}

const tokenLength = 64

// serveBillFile is GET /v3/billdownload/file. Its answer is not signed.
func serveBillFile(c *call) answer {
	token := c.URL.Query().Get("token")
	owner, t := c.s.billOf(token)
	if c.breaks("pay-bill-token", owner == nil || !c.now.Before(t.expires)) || c.breaks("pay-bill-other", owner != nil && owner.Config.Name != c.acc.Config.Name) {
		return c.refusal()
	}
	if owner == nil || t.write == nil {
		return refuse(codeSystem) // of a rule that is not enforced nothing else can be told
	}
	b := open(owner)
	defer b.mu.Unlock()
	content := t.write(b, t.day)
	if !t.gzip {
		return answer{file: &file{"text/plain; charset=UTF-8", content}}
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write(content) // a buffer takes everything
	_ = w.Close()
	return answer{file: &file{"application/x-gzip", packed.Bytes()}}
}

// billOf finds the bill that a token is for, and its merchant's account; nil: none.
func (s *Server) billOf(token string) (*platform.Official, ticket) {
	for _, a := range s.p.Accounts() {
		if a.Config.Pay.MchID == "" {
			continue
		}
		b := open(a)
		t, ok := b.bills[token]
		b.mu.Unlock()
		if ok {
			return a, t
		}
	}
	return nil, ticket{}
}

// moved is money that moved: a payment, or a refund.
type moved struct {
	at     time.Time
	order  *order
	refund *refund // nil: the payment
}

// entries are all payments and refunds, oldest first. It is called under the lock.
func (b *book) entries() []moved {
	var list []moved
	for _, o := range b.paid {
		list = append(list, moved{o.paidAt, o, nil})
	}
	for _, r := range b.refunds {
		list = append(list, moved{r.at, r.order, r})
	}
	slices.SortFunc(list, func(x, y moved) int { return cmp.Or(x.at.Compare(y.at), cmp.Compare(x.id(), y.id())) })
	return list
}

// entriesOf are those of a day. It is called under the lock.
func (b *book) entriesOf(day time.Time) []moved {
	return slices.DeleteFunc(b.entries(), func(m moved) bool { return !m.on(day) })
}

func (m moved) on(day time.Time) bool { return !m.at.Before(day) && m.at.Before(day.AddDate(0, 0, 1)) }

// id is the platform's number of the payment or the refund.
func (m moved) id() string {
	if m.refund != nil {
		return m.refund.id
	}
	return m.order.transaction
}
