package wechatapi

import (
	"errors"
	"net/url"
	"strings"
)

// redact takes the address out of an HTTP error, as it holds the token, and any
// secret out of what is left. What errors.Is finds in the cause stays findable
// unless its text held a secret.
func redact(err error, secrets []string) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if clean := scrub(err.Error(), secrets); clean != err.Error() {
		return errors.New(clean)
	}
	return err
}

// scrub replaces secrets in a text, also in their URL-escaped form.
func scrub(s string, secrets []string) string {
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		s = strings.ReplaceAll(s, secret, "[redacted]")
		s = strings.ReplaceAll(s, url.QueryEscape(secret), "[redacted]")
	}
	return s
}
