package server

import (
	"oalab/server/internal/config"
	"oalab/server/internal/payapi"
)

// Merchant is what an account takes payments with (WeChat Pay v3).
type Merchant struct {
	// MchID is the merchant's number; empty means that the account takes no payments.
	MchID string `yaml:"mch_id"`
	// CertificateSerial names the merchant's certificate, in hexadecimal capitals.
	CertificateSerial string `yaml:"certificate_serial"`
	// PrivateKey is that of the certificate, in PEM (PKCS 8).
	PrivateKey Secret `yaml:"private_key"`
	// APIv3Key opens what WeChat Pay seals, 32 bytes.
	APIv3Key Secret `yaml:"api_v3_key"`
}

// apiV3KeyLength is that of an APIv3 key, in bytes.
const apiV3KeyLength = 32

// validate adds what is wrong with the merchant of an account.
func (m Merchant) validate(f *config.Faults, key string, a Account) {
	if m == (Merchant{}) {
		return
	}
	if m.MchID == "" || m.CertificateSerial == "" {
		f.Add(key+".pay", "mch_id and certificate_serial are needed")
	}
	if a.AppID == "" {
		f.Add(key+".app_id", "must be set for payments")
	}
	if len(m.APIv3Key) != apiV3KeyLength {
		f.Add(key+".pay.api_v3_key", "is not %d bytes long", apiV3KeyLength)
	}
	if _, err := payapi.ParseKey(string(m.PrivateKey)); err != nil {
		f.Add(key+".pay.private_key", "%v", err)
	}
}

// takesPayments reports whether an account has a merchant.
func (c Config) takesPayments() bool {
	for _, a := range c.Accounts {
		if a.Pay.MchID != "" {
			return true
		}
	}
	return false
}

// validatePayments adds what payments lack that no stanza knows alone.
func (c Config) validatePayments(f *config.Faults) {
	if !c.takesPayments() {
		return
	}
	for key, value := range map[string]string{"wechat.pay_base": c.WeChat.PayBase, "topup.notify_base": c.TopUp.NotifyBase} {
		if value == "" {
			f.Add(key, "must be set for payments (an account has pay.mch_id)")
		}
	}
	merchants := make(map[string]string)
	for _, a := range c.Accounts {
		if other := merchants[a.Pay.MchID]; a.Pay.MchID != "" && other != "" {
			f.Add("accounts", "%s and %s have one merchant, pay.mch_id", other, a.Name)
		}
		merchants[a.Pay.MchID] = a.Name
	}
}
