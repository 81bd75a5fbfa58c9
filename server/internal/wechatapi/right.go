package wechatapi

import "fmt"

// grade is what an account must be to have an interface (MSG-13).
type grade int

const (
	anyAccount grade = iota
	serviceOrVerified
	verified
	verifiedService
)

// grades are those of the interfaces that not every account has, after the platform's table
// of rights.
var grades = map[string]grade{
	pathTemplate: verifiedService, pathCustom: verified,
	pathUser: verified, pathUsers: verified, pathFollowers: verified,
	pathMenuCreate: serviceOrVerified, pathMenuGet: serviceOrVerified,
	pathUpload: verified, pathMedia: verified,
	pathWebToken: verifiedService, pathWebRefresh: verifiedService,
}

func (g grade) String() string {
	switch g {
	case serviceOrVerified:
		return "service accounts and verified accounts"
	case verified:
		return "verified accounts"
	case verifiedService:
		return "verified service accounts"
	case anyAccount:
	}
	return "all accounts"
}

func (g grade) met(a Account) bool {
	switch g {
	case serviceOrVerified:
		return !a.Subscription || !a.Unverified
	case verified:
		return !a.Unverified
	case verifiedService:
		return !a.Subscription && !a.Unverified
	case anyAccount:
	}
	return true
}

// RightError says that an account may not use an interface for what it is by the
// configuration. The platform was not asked.
type RightError struct {
	Account, API string
	// For says which accounts may.
	For string
}

// Error says what the account would have to be.
func (e *RightError) Error() string {
	return fmt.Sprintf("%s: account %s has no right to it: it is for %s (type and verified of the account)", e.API, e.Account, e.For)
}

// right is a *RightError when an account may not use an interface.
func (a Account) right(api string) error {
	if g := grades[api]; !g.met(a) {
		return &RightError{Account: a.Name, API: api, For: g.String()}
	}
	return nil
}

// MayMedia reports whether the account may fetch what followers send.
func (a Account) MayMedia() bool { return a.right(pathMedia) == nil }

// MayProfiles reports whether the account may ask about followers.
func (a Account) MayProfiles() bool { return a.right(pathUser) == nil }
