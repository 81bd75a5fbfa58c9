package platform

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// Merchant is the account's half of WeChat Pay v3. The zero value: the account takes no
// payments.
type Merchant struct {
	// MchID is the merchant's number.
	MchID string `json:"mch_id" yaml:"mch_id"`
	// APIv3Key seals certificates and notifications: 32 bytes.
	APIv3Key string `json:"api_v3_key" yaml:"api_v3_key"`
	// Certificate of the merchant, RSA, in PEM: it verifies what the merchant signs.
	Certificate string `json:"certificate" yaml:"certificate"`
	// NotifySpeed divides the platform's pauses between two tries of a notification; 0 means 1.
	NotifySpeed float64 `json:"notify_speed,omitempty" yaml:"notify_speed"`
	// BillsAtOnce gives the bill of a day while the day lasts. The platform gives it on the next morning.
	BillsAtOnce bool `json:"bills_at_once,omitempty" yaml:"bills_at_once"`
}

var (
	errNoPEM  = errors.New("certificate: want a certificate in PEM")
	errNotRSA = errors.New("certificate: want one with an RSA key")
)

// Key is the serial number, in whole bytes as hexadecimal capitals, and the public key of the
// merchant's certificate.
func (m Merchant) Key() (serial string, key *rsa.PublicKey, err error) {
	block, _ := pem.Decode([]byte(m.Certificate))
	if block == nil {
		return "", nil, errNoPEM
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return "", nil, fmt.Errorf("certificate: %w", err)
	}
	key, ok := c.PublicKey.(*rsa.PublicKey)
	if !ok {
		return "", nil, errNotRSA
	}
	return fmt.Sprintf("%X", c.SerialNumber.Bytes()), key, nil
}

// apiKeyLength is that of an APIv3 key, in bytes.
const apiKeyLength = 32

var errAPIKey = errors.New("api_v3_key: want 32 characters")

// Cipher is AES-256-GCM under the APIv3 key.
func (m Merchant) Cipher() (cipher.AEAD, error) {
	if len(m.APIv3Key) != apiKeyLength {
		return nil, errAPIKey
	}
	block, err := aes.NewCipher([]byte(m.APIv3Key))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// mistake is the first thing that is wrong with a merchant.
func (m Merchant) mistake() error {
	if m == (Merchant{}) {
		return nil
	}
	if m.MchID == "" {
		return errors.New("mch_id is missing")
	}
	if m.NotifySpeed < 0 {
		return errors.New("notify_speed is negative")
	}
	if _, err := m.Cipher(); err != nil {
		return err
	}
	_, _, err := m.Key()
	return err
}

// OfMerchant returns the account of a merchant's number, and nil when there is none.
func (p *Platform) OfMerchant(mchID string) *Official {
	if mchID == "" {
		return nil
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, a := range p.order {
		if a.Config.Pay.MchID == mchID {
			return a
		}
	}
	return nil
}
