package mockwechat

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"
)

// Hosts are the platform's host names, which SDKs and pages have built in.
var Hosts = []string{"api.weixin.qq.com", "open.weixin.qq.com", "mp.weixin.qq.com", "api.mch.weixin.qq.com", "res.wx.qq.com"}

// certificateLife is how long the certificates of a test authority are good.
const certificateLife = 30 * 24 * time.Hour

// StartTLS serves the APIs and pages over HTTPS too, until Stop, with a certificate for the
// platform's host names. The authority is made anew; its certificate is written to caFile,
// for clients to trust. Its key is kept nowhere.
func (p *Platform) StartTLS(ctx context.Context, listen, caFile string) error {
	authority, certificate, err := testAuthority(time.Now())
	if err != nil {
		return fmt.Errorf("mockwechat: test authority: %w", err)
	}
	if err := os.WriteFile(caFile, authority, 0o600); err != nil {
		return fmt.Errorf("mockwechat: certificate of the test authority: %w", err)
	}
	l := &p.life
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped || l.secure != nil {
		return ErrStopped
	}
	ln, err := open(ctx, listen)
	if err != nil {
		return err
	}
	if ln == nil {
		return errors.New("mockwechat: HTTPS needs an address to listen on")
	}
	l.secure = ln
	l.serve(tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}), p.Handler())
	return nil
}

// TLSAddr is where the APIs are served over HTTPS, as host:port; empty when they are not.
func (p *Platform) TLSAddr() string {
	return p.life.addr(func(l *lifecycle) net.Listener { return l.secure })
}

// testAuthority makes an authority and a certificate of it for the platform's hosts. The
// first result is the authority's certificate in PEM.
func testAuthority(now time.Time) (authority []byte, server tls.Certificate, err error) {
	template := func(serial int64, name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name, Organization: []string{"oalab"}},
			NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLife), BasicConstraintsValid: true,
		}
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, server, err
	}
	ca := template(1, "oalab test authority")
	ca.IsCA, ca.KeyUsage = true, x509.KeyUsageCertSign
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		return nil, server, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, server, err
	}
	leaf := template(2, Hosts[0])
	leaf.KeyUsage, leaf.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	leaf.DNSNames = append([]string{"localhost"}, Hosts...)
	leaf.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)
	if err != nil {
		return nil, server, err
	}
	authority = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER})
	return authority, tls.Certificate{Certificate: [][]byte{leafDER}, PrivateKey: key}, nil
}
