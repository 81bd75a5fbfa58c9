package pay

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/mockwechat/ledger"
	"oalab/mockwechat/platform"
)

// wire is a merchant without a network.
type wire func(*http.Request) (*http.Response, error)

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) { return w(r) }

// bench is a server whose notifications go over a wire.
func bench(t *testing.T, w wire) (s *Server, p *platform.Platform, work *sync.WaitGroup) {
	t.Helper()
	p, err := platform.New(platform.Config{})
	if err != nil {
		t.Fatal(err)
	}
	account := platform.Account{Name: "demo", AppID: "wx1"}
	if err := p.SetAccounts([]platform.Account{account}); err != nil {
		t.Fatal(err)
	}
	work = &sync.WaitGroup{}
	s, err = New(t.Context(), p, &Certificates{}, func(f func()) error { work.Go(f); return nil }, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.client = &http.Client{Transport: w, Timeout: tryTimeout}
	return s, p, work
}

// noticeOf is a notification of the account under a speed.
func noticeOf(p *platform.Platform, event string, speed float64) notice {
	a := *p.Named("demo")
	a.Config.Pay.APIv3Key, a.Config.Pay.NotifySpeed = strings.Repeat("k", 32), speed
	return notice{to: &a, url: "http://merchant.example/", event: event, kind: "transaction", content: map[string]any{"out_trade_no": "T00001"}}
}

func status(code int) *http.Response {
	return &http.Response{StatusCode: code, Body: io.NopCloser(strings.NewReader("")), Header: http.Header{}}
}

// TestSpacingIsThePlatforms: 16 tries within 24 h 4 min, and the same in a thousandth of it.
func TestSpacingIsThePlatforms(t *testing.T) {
	for _, speed := range []float64{0, 1000} {
		synctest.Test(t, func(t *testing.T) {
			begin := time.Now()
			var at []time.Duration
			s, p, work := bench(t, func(*http.Request) (*http.Response, error) {
				at = append(at, time.Since(begin))
				return status(http.StatusInternalServerError), nil
			})
			s.notify(noticeOf(p, "TRANSACTION.SUCCESS", speed), 0)
			work.Wait()
			want, sum := []time.Duration{0}, time.Duration(0)
			for _, pause := range []string{"15s", "15s", "30s", "3m", "10m", "20m", "30m", "30m", "30m", "60m", "3h", "3h", "3h", "6h", "6h"} {
				d, err := time.ParseDuration(pause)
				if err != nil {
					t.Fatal(err)
				}
				sum += d / time.Duration(max(speed, 1))
				want = append(want, sum)
			}
			if diff := cmp.Diff(want, at); diff != "" {
				t.Errorf("tries (-want +got)\n%s", diff)
			}
			if speed == 0 && sum != 24*time.Hour+4*time.Minute {
				t.Errorf("the last try is after %v", sum)
			}
		})
	}
}

// TestNotificationsOvertake: a late notification comes after one that was sent later.
func TestNotificationsOvertake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []string
		s, p, work := bench(t, func(r *http.Request) (*http.Response, error) {
			body, err := io.ReadAll(r.Body)
			event := "REFUND.SUCCESS"
			if strings.Contains(string(body), "TRANSACTION.SUCCESS") {
				event = "TRANSACTION.SUCCESS"
			}
			events = append(events, event)
			return status(http.StatusNoContent), err
		})
		s.notify(noticeOf(p, "TRANSACTION.SUCCESS", 1), time.Minute)
		s.notify(noticeOf(p, "REFUND.SUCCESS", 1), 0)
		work.Wait()
		if diff := cmp.Diff([]string{"REFUND.SUCCESS", "TRANSACTION.SUCCESS"}, events); diff != "" {
			t.Errorf("order (-want +got)\n%s", diff)
		}
	})
}

// TestAMerchantThatIsSilent: a try ends after 5 s, and the ledger says so; a reset ends the tries.
func TestAMerchantThatIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p, work := bench(t, func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		s.notify(noticeOf(p, "TRANSACTION.SUCCESS", 1), 0)
		time.Sleep(6 * time.Second)
		var lines []ledger.Call
		if err := p.EachCall(func(c *ledger.Call) error { lines = append(lines, *c); return nil }); err != nil {
			t.Fatal(err)
		}
		if len(lines) != 1 || !lines[0].TimedOut || lines[0].Status != 0 || lines[0].Effect != ledger.EffectNone {
			t.Errorf("ledger %+v", lines)
		}
		begin := time.Now()
		if err := p.Reset(); err != nil {
			t.Fatal(err)
		}
		work.Wait()
		if took := time.Since(begin); took > Spacing[0] {
			t.Errorf("tried for another %v", took)
		}
	})
}

func TestATryThatCannotBeMade(t *testing.T) {
	s, p, _ := bench(t, func(*http.Request) (*http.Response, error) { return nil, errors.New("refused") })
	line := ledger.Call{At: p.Now()}
	if s.try("http://merchant.example/", nil, &line) || line.TimedOut || line.Reply == "" {
		t.Errorf("%+v", line)
	}
}
