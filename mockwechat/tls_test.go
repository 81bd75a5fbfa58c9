package mockwechat

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"oalab/mockwechat/platform"
)

// TestHTTPSUnderThePlatformsNames calls the mock under each host name that SDKs have built
// in; a client that does not trust the authority is turned away by itself.
func TestHTTPSUnderThePlatformsNames(t *testing.T) {
	p := served(t, Config{Accounts: []Account{demoAccount()}})
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := p.StartTLS(t.Context(), "127.0.0.1:0", file); err != nil {
		t.Fatal(err)
	}
	authority, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		t.Fatal("the file holds no certificate")
	}
	client := func(trusted *x509.CertPool) *http.Client {
		transport := &http.Transport{
			DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12},
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, network, p.TLSAddr())
			},
		}
		return &http.Client{Transport: transport}
	}
	const path = "/cgi-bin/token?grant_type=client_credential&appid=wxdemo&secret=s3cret"
	for _, host := range Hosts {
		if status, body, err := get(t, client(pool), "https://"+host+path); err != nil || status != http.StatusOK || !strings.Contains(body, "access_token") {
			t.Errorf("%s: %d %s, %v", host, status, body, err)
		}
	}
	if _, _, err := get(t, client(pool), "https://pay.example.com"+path); err == nil {
		t.Error("the certificate is good for another host")
	}
	if _, _, err := get(t, client(x509.NewCertPool()), "https://"+Hosts[0]+path); err == nil {
		t.Error("a client trusts an authority that it does not know")
	}
	if err := p.StartTLS(t.Context(), "127.0.0.1:0", file); !errors.Is(err, ErrStopped) {
		t.Errorf("a second start: %v", err)
	}
}

func TestAnUnknownLenientRuleIsAMistake(t *testing.T) {
	if _, err := New(Config{Lenient: []string{"no-such-rule"}}); !errors.Is(err, platform.ErrConfig) || !strings.Contains(err.Error(), "no-such-rule") {
		t.Errorf("error %v", err)
	}
}
