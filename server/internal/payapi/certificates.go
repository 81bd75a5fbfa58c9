package payapi

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/core/downloader"
)

const (
	// certificatesAge is how old the list of certificates may grow. Pay lists the next certificate
	// long before it signs with it.
	certificatesAge = 12 * time.Hour
	// certificatesPause is the least time between two downloads: a forged notification names
	// certificates that do not exist.
	certificatesPause = 10 * time.Second
)

// certificates are those by which Pay signs, fetched when they are needed: the server starts
// without Pay. It is safe for concurrent use and implements core.CertificateGetter.
type certificates struct {
	bare *core.Client // takes the first answer without a signature; it is sealed with the key
	key  string

	mu      sync.Mutex // held while they are fetched: one fetch serves all that wait
	known   *downloader.CertificateDownloader
	fetched time.Time // when the last download ended well
	tried   time.Time // when it began
}

// have fetches the certificates unless they are there. That an old list could not be renewed is no
// error.
func (c *certificates) have(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known != nil && time.Since(c.fetched) < certificatesAge {
		return nil
	}
	err := c.fetch(ctx)
	if c.known != nil {
		return nil
	}
	return err
}

// fetch downloads the list, unless that was tried a moment ago. mu is held.
func (c *certificates) fetch(ctx context.Context) (err error) {
	if c.known != nil && time.Since(c.tried) < certificatesPause {
		return nil
	}
	c.tried = time.Now()
	if c.known == nil {
		var made *downloader.CertificateDownloader
		if made, err = downloader.NewCertificateDownloaderWithClient(ctx, c.bare, c.key); err == nil {
			c.known = made
		}
	} else {
		err = c.known.DownloadCertificates(ctx)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrAway, plain(err))
	}
	c.fetched = time.Now()
	return nil
}

// now is the list as it is.
func (c *certificates) now() *downloader.CertificateDownloader {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.known
}

// Get implements core.CertificateGetter. A serial that is not in the list may be that of a new
// certificate.
func (c *certificates) Get(ctx context.Context, serial string) (*x509.Certificate, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		return nil, false
	}
	if cert, found := c.known.Get(ctx, serial); found {
		return cert, true
	}
	if c.fetch(ctx) != nil {
		return nil, false
	}
	return c.known.Get(ctx, serial)
}

// GetAll implements core.CertificateGetter.
func (c *certificates) GetAll(ctx context.Context) map[string]*x509.Certificate {
	if known := c.now(); known != nil {
		return known.GetAll(ctx)
	}
	return nil
}

// GetNewestSerial implements core.CertificateGetter.
func (c *certificates) GetNewestSerial(ctx context.Context) string {
	if known := c.now(); known != nil {
		return known.GetNewestSerial(ctx)
	}
	return ""
}

// plain is an error of the library without the headers of the answer, which are long.
func plain(err error) error {
	if api, ok := errors.AsType[*core.APIError](err); ok {
		return &Error{Status: api.StatusCode, Code: api.Code, Message: api.Message}
	}
	return err
}
