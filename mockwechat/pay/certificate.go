package pay

import (
	"cmp"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"time"
)

// The steps by which the platform changes its certificate. A client that fetches the list
// between add and use knows the new certificate before it is signed with.
const (
	StepAdd  = "add"  // a new certificate is listed; the old one still signs
	StepUse  = "use"  // the newest one signs; the old ones are still listed
	StepDrop = "drop" // only the one that signs is listed
)

var errStep = errors.New("step: want add, use or drop")

// Certificates are the platform's certificates and their keys, made when they are first needed.
// The zero value is ready; it is safe for concurrent use.
type Certificates struct {
	// Bits of the RSA keys; 0: 2048, as the platform's. Tests that sign often want fewer.
	Bits int

	mu   sync.Mutex
	list []certificate // oldest first
	used int           // of the list: the one that signs
}

type certificate struct {
	serial   string
	key      *rsa.PrivateKey
	pem      []byte
	from, to time.Time
}

const (
	keyBits         = 2048
	serialBits      = 159
	certificateLife = 5 * 365 * 24 * time.Hour
)

// newCertificate makes a certificate that is good from a time on, signed by its own key: SDKs
// trust it because it came sealed under the merchant's APIv3 key.
func newCertificate(from time.Time, bits int) (certificate, error) {
	key, err := rsa.GenerateKey(rand.Reader, cmp.Or(bits, keyBits))
	if err != nil {
		return certificate{}, err
	}
	number, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), serialBits))
	if err != nil {
		return certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: number, Subject: pkix.Name{CommonName: "Tenpay.com sign (oalab test)", Organization: []string{"Tenpay.com"}},
		NotBefore: from, NotAfter: from.Add(certificateLife), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return certificate{}, err
	}
	return certificate{
		serial: fmt.Sprintf("%X", number.Bytes()), key: key, from: from, to: template.NotAfter,
		pem: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
	}, nil
}

// first makes the first certificate when there is none. The caller holds the lock.
func (c *Certificates) first() error {
	if len(c.list) > 0 {
		return nil
	}
	made, err := newCertificate(time.Now().Add(-24*time.Hour).Truncate(time.Second), c.Bits)
	if err != nil {
		return fmt.Errorf("certificate of WeChat Pay: %w", err)
	}
	c.list = []certificate{made}
	return nil
}

func (c *Certificates) signing() (certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.first(); err != nil {
		return certificate{}, err
	}
	return c.list[c.used], nil
}

func (c *Certificates) all() ([]certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.first()
	return slices.Clone(c.list), err
}

// Rotate goes one step of a change of the certificate, and returns the serial numbers that are
// listed now and the one that signs.
func (c *Certificates) Rotate(step string) (listed []string, signing string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.first(); err != nil {
		return nil, "", err
	}
	switch step {
	case StepAdd:
		made, err := newCertificate(time.Now().Truncate(time.Second), c.Bits)
		if err != nil {
			return nil, "", fmt.Errorf("certificate of WeChat Pay: %w", err)
		}
		c.list = append(c.list, made)
	case StepUse:
		c.used = len(c.list) - 1
	case StepDrop:
		c.list, c.used = []certificate{c.list[c.used]}, 0
	default:
		return nil, "", errStep
	}
	for _, one := range c.list {
		listed = append(listed, one.serial)
	}
	return listed, c.list[c.used].serial, nil
}

// serveCertificates is GET /v3/certificates.
func serveCertificates(c *call) answer {
	list, err := c.s.certificates.all()
	if err != nil {
		return refuse(codeSystem)
	}
	type entry struct {
		Serial  string `json:"serial_no"`
		From    string `json:"effective_time"`
		To      string `json:"expire_time"`
		Content sealed `json:"encrypt_certificate"`
	}
	data := []entry{}
	for _, one := range slices.Backward(list) {
		content, err := c.s.seal(c.acc.Config.Pay, "certificate", one.pem)
		if err != nil {
			return refuse(codeSystem)
		}
		data = append(data, entry{one.serial, stamp(one.from), stamp(one.to), content})
	}
	return answer{fields: map[string]any{"data": data}}
}
