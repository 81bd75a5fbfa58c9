package business_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/server/carrier"
	"oalab/server/internal/business"
	"oalab/server/internal/carrierapi"
	"oalab/server/internal/wechatapi"
)

// late makes the first query of a follower one that is handed over.
func (w *world) late() {
	w.onUsage = func(ctx context.Context, call int) error {
		if call == 1 {
			<-ctx.Done()
			return outage(carrierapi.ClassTimeout, false)
		}
		return nil
	}
}

func code(api string, code int) error { return &wechatapi.CodeError{API: api, Code: code, Msg: "why"} }

// TestARefusedCredentialIsNoRefusedMessage: an order and a handed-over query wait while the
// platform refuses the credential or the account, for longer than their attempts last. Both
// are told once when that is mended, by the proper way.
func TestARefusedCredentialIsNoRefusedMessage(t *testing.T) {
	const token, message = "/cgi-bin/stable_token", "/cgi-bin/message/x"
	for _, refused := range []error{
		code(token, 40164), code(token, 40125), code(token, 40243), code(token, 50004), code(token, 89503),
		code(token, 12345), code("/cgi-bin/token", 40013),
		code(message, 40164), code(message, 40001), code(message, 42001), code(message, 40014), code(message, 50004),
		code(message, 61004), code(message, 48004), code(message, 45009), errors.New("no route to the platform"),
	} {
		t.Run(fmt.Sprint(refused), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.late()
			healed, refusals := false, 0
			refuse := func(int) error { // under the world's lock
				if healed {
					return nil
				}
				refusals++
				return fmt.Errorf("send: %w", refused)
			}
			w.onTell, w.onCustom = refuse, refuse
			p := w.start(t, options{attempts: 2})
			defer p.stop()
			if r := p.mustAnswer("q1", "CXLL"); !r.Later {
				t.Fatalf("the query was answered at once: %+v", r)
			}
			p.mustAnswer("m1", "KT10")
			until(t, "both were tried often", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return w.tells >= 4 && w.tries >= 4 })
			if distinct, _, _ := w.tellings(); distinct > 0 {
				t.Error("the order was told by SMS")
			}
			w.mu.Lock()
			healed = true
			w.mu.Unlock()
			until(t, "everything is settled", p.settled)
			distinct, template, sms := w.tellings()
			if distinct != 1 || template != 1 || sms != 0 || len(w.customs) != 1 || strings.Contains(w.customs[0], "抱歉") {
				t.Errorf("told %d times by template, %d by SMS, answers %q; want one each", template, sms, w.customs)
			}
		})
	}
}

// TestWhatConcernsTheMessageIsToldByTheOtherWay: at once for codes that say so, after some
// attempts for codes that are unknown.
func TestWhatConcernsTheMessageIsToldByTheOtherWay(t *testing.T) {
	const message = "/cgi-bin/message/x"
	for errcode, calls := range map[int]int{40003: 1, 43004: 1, 45015: 1, 45047: 1, 40037: 1, 50005: 1, 99999: 3, 41033: 3} {
		t.Run(fmt.Sprint(errcode), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.late()
			refuse := func(int) error { return code(message, errcode) }
			w.onTell, w.onCustom = refuse, refuse
			p := w.start(t, options{attempts: 3})
			defer p.stop()
			p.mustAnswer("q1", "CXLL")
			p.mustAnswer("m1", "KT10")
			until(t, "everything is settled", p.settled)
			if w.tells != calls || w.tries != calls {
				t.Errorf("%d template messages and %d answers tried, want %d each", w.tells, w.tries, calls)
			}
			answers := 0
			for _, text := range w.texts {
				if strings.Contains(text, "剩余流量") {
					answers++
				}
			}
			if _, _, sms := w.tellings(); sms != 2 || len(w.texts) != 2 || answers != 1 || len(w.customs) != 0 {
				t.Errorf("SMS %q, answers %q; want the result and the answer by SMS, once each", w.texts, w.customs)
			}
		})
	}
}

// TestAQueryThatEndsIsTold: the follower whose query was handed over hears that it could not
// be had, once, and it leaves nothing behind.
func TestAQueryThatEndsIsTold(t *testing.T) {
	for name, fail := range map[string]error{
		"the carrier is away":        outage(carrierapi.ClassRefused, true),
		"the carrier is busy":        outage(carrierapi.ClassFault, false),
		"the carrier says nonsense":  errors.New("root element is html"),
		"the carrier says try again": &carrier.RefusedError{Code: carrier.CodeBusy, Desc: "busy"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.onUsage = func(context.Context, int) error { return fail }
			w.onCustom = func(call int) error {
				if call < 3 { // what the end meets is no end of it
					return errors.New("the platform is away")
				}
				return nil
			}
			p := w.start(t, options{attempts: 3})
			defer p.stop()
			if r := p.mustAnswer("q1", "CXLL"); !r.Later {
				t.Fatalf("answered at once: %+v", r)
			}
			until(t, "everything is settled", p.settled)
			if len(w.customs) != 1 || !strings.Contains(w.customs[0], "剩余流量") || !strings.Contains(w.customs[0], "抱歉") || len(w.texts) != 0 {
				t.Errorf("the follower reads %q, SMS %q", w.customs, w.texts)
			}
		})
	}
}

// TestResultTemplateOfAnAccount: an account tells results by its own template and fields.
func TestResultTemplateOfAnAccount(t *testing.T) {
	for name, tt := range map[string]struct {
		own  map[string]business.ResultTemplate
		want wechatapi.Template
	}{
		"by default": {nil, wechatapi.Template{TemplateID: "order-result", Data: map[string]string{"first": "", "keyword1": "", "keyword2": "", "keyword3": ""}}},
		"its own": {
			map[string]business.ResultTemplate{account: {ID: "TM1", Text: "thing1", Serial: "character_string4"}},
			wechatapi.Template{TemplateID: "TM1", Data: map[string]string{"thing1": "", "keyword1": "", "keyword2": "", "character_string4": ""}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p := w.start(t, options{results: tt.own})
			defer p.stop()
			p.mustAnswer("m1", "KT10")
			until(t, "everything is settled", p.settled)
			got := w.sent
			for field := range got.Data {
				if got.Data[field] == "" {
					t.Errorf("field %s is empty", field)
				}
				got.Data[field] = ""
			}
			got.OpenID, got.ClientMsgID = "", ""
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("sent (-want +got)\n%s", diff)
			}
		})
	}
}
