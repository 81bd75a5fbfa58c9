package topology

import (
	"context"
	"errors"
	"fmt"
	"net"

	"oalab/chaos/upstream"
	"oalab/mockcarrier"
	"oalab/mockwechat"
)

// mocks are the outside world of a system under test. On every topology they live in the
// harness's own process.
type mocks struct {
	account       mockwechat.Account
	carrier       *mockcarrier.Carrier
	platform      *mockwechat.Platform
	carrierRules  *upstream.Controller
	platformRules *upstream.Controller
}

// startMocks serves the mocks on free ports of an address that the system can reach,
// and lets the platform push to the given callback.
func (m *mocks) startMocks(ctx context.Context, spec Spec, host, callbackURL string) error {
	listen := net.JoinHostPort(host, "0")
	var err error
	m.carrier, err = mockcarrier.New(mockcarrier.Config{
		LedgerPath: spec.CarrierLedger, Seed: spec.Seed, NoDedup: spec.CarrierNoDedup,
	})
	if err != nil {
		return fmt.Errorf("make the mock carrier: %w", err)
	}
	if err := m.carrier.Start(ctx, listen, "127.0.0.1:0"); err != nil {
		return fmt.Errorf("start the mock carrier: %w", err)
	}
	m.carrierRules = upstream.NewController("http://" + m.carrier.ControlAddr())

	m.account = spec.Account
	m.account.CallbackURL = callbackURL
	m.platform, err = mockwechat.New(mockwechat.Config{
		LedgerPath: spec.WeChatLedger, Seed: spec.Seed, Accounts: append([]mockwechat.Account{m.account}, spec.Control.accounts(spec.Account)...),
	})
	if err != nil {
		return fmt.Errorf("make the mock WeChat platform: %w", err)
	}
	if err := m.platform.Start(ctx, listen, "127.0.0.1:0"); err != nil {
		return fmt.Errorf("start the mock WeChat platform: %w", err)
	}
	m.platformRules = upstream.NewController("http://" + m.platform.ControlAddr())
	return nil
}

// CarrierRules makes the carrier misbehave.
func (m *mocks) CarrierRules() *upstream.Controller { return m.carrierRules }

// PlatformRules makes the platform misbehave.
func (m *mocks) PlatformRules() *upstream.Controller { return m.platformRules }

// Platform is the mock WeChat platform.
func (m *mocks) Platform() *mockwechat.Platform { return m.platform }

// Account is the official account under test.
func (m *mocks) Account() mockwechat.Account { return m.account }

func (m *mocks) stopMocks(ctx context.Context) error {
	var errs []error
	if m.platform != nil {
		errs = append(errs, m.platform.Stop(ctx))
	}
	if m.carrier != nil {
		errs = append(errs, m.carrier.Stop(ctx))
	}
	return errors.Join(errs...)
}
