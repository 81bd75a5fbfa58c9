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

// CodeError is an answer of the platform with an errcode other than 0.
type CodeError struct {
	API  string // path of the call
	Code int
	Msg  string // the platform's text, free of credentials
}

// Error says which call was answered how.
func (e *CodeError) Error() string {
	if e.Code == codeNoRight {
		return fmt.Sprintf("%s: platform answered %d (%s): the account has no right to this interface, see its type and verification", e.API, e.Code, e.Msg)
	}
	return fmt.Sprintf("%s: platform answered %d (%s)", e.API, e.Code, e.Msg)
}

// Class returns what the answer is about. A call for a token is never about a message, and the
// refresh of a follower's token has no token of the account.
func (e *CodeError) Class() Class {
	class := ClassOf(e.Code)
	if e.API == pathWebRefresh && class == ClassToken {
		return ClassLogin
	}
	if (e.API == pathStable || e.API == pathReplace) && class != ClassBusy {
		return ClassAccount
	}
	return class
}

// ErrorClass returns the class of an error of this package. An error without an answer of
// the platform, or with one that cannot be read, is ClassBusy: what became of the call is
// not known.
func ErrorClass(err error) Class {
	if errors.Is(err, ErrNoPlatform) || errors.Is(err, ErrNoAccount) {
		return ClassMessage
	}
	if _, ok := errors.AsType[*RightError](err); ok {
		return ClassMessage
	}
	if code, ok := errors.AsType[*CodeError](err); ok {
		return code.Class()
	}
	return ClassBusy
}

// codeNoRight is how the platform answers an account that may not use an interface.
const codeNoRight = 48001

// NoRight reports whether err says that the account may not use the interface at all: its
// type, or that it is not verified, does not allow it (MSG-13).
func NoRight(err error) bool {
	if _, ok := errors.AsType[*RightError](err); ok {
		return true
	}
	code, ok := errors.AsType[*CodeError](err)
	return ok && code.Code == codeNoRight
}

// IsPermanent reports whether err says that the same call will never succeed, also after
// the account was mended.
func IsPermanent(err error) bool { return ErrorClass(err) == ClassMessage }
