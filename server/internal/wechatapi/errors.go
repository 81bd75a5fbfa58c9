package wechatapi

import (
	"errors"
	"fmt"
)

// ErrNoPlatform is returned when no api_base is configured: no platform call is
// ever made.
var ErrNoPlatform = errors.New("no platform is configured (wechat.api_base is empty)")

// ErrNoAccount is returned for an account that is not configured.
var ErrNoAccount = errors.New("no such account")

// The platform's error codes that this package knows by name.
const (
	codeBusy          = -1
	codeBadCredential = 40001
	codeBadToken      = 40014
	codeTokenExpired  = 42001
	codeMinuteQuota   = 45011
	codeDayQuota      = 45009
	codeSystemError   = 50001
)

// CodeError is an answer of the platform with an errcode other than 0.
type CodeError struct {
	API  string // path of the call
	Code int
	Msg  string // the platform's text, free of credentials
}

// Error says which call was answered how.
func (e *CodeError) Error() string {
	return fmt.Sprintf("%s: platform answered %d (%s)", e.API, e.Code, e.Msg)
}

// Permanent reports whether the same call will never succeed. Trouble of the
// platform, quotas, and credentials that a fetch may heal are not permanent.
func (e *CodeError) Permanent() bool {
	switch e.Code {
	case codeBusy, codeBadCredential, codeBadToken, codeTokenExpired, codeMinuteQuota, codeDayQuota, codeSystemError:
		return false
	}
	return true
}

func (e *CodeError) token() bool {
	return e.Code == codeBadCredential || e.Code == codeBadToken || e.Code == codeTokenExpired
}

// IsPermanent reports whether err says that the same call will never succeed.
func IsPermanent(err error) bool {
	if errors.Is(err, ErrNoPlatform) || errors.Is(err, ErrNoAccount) {
		return true
	}
	var code *CodeError
	return errors.As(err, &code) && code.Permanent()
}
