package carrier

import (
	"fmt"
	"net/http"
	"strings"
)

// The fault codes, by their SOAP 1.1 names; 1.2 calls the first two Sender and
// Receiver. A code may have a sub-code behind a dot, such as "Server.Busy".
const (
	FaultClient          = "Client"
	FaultServer          = "Server"
	FaultVersionMismatch = "VersionMismatch"
	FaultMustUnderstand  = "MustUnderstand"
)

// FaultError is a SOAP fault: the request was not understood, or the service is
// in trouble. Whether something happened is not said.
type FaultError struct {
	Code   string // by its 1.1 name in both versions, see the Fault constants
	Reason string // for a human
	Detail string // optional
}

// Faultf returns a fault with a formatted reason.
func Faultf(code, format string, args ...any) *FaultError {
	return &FaultError{Code: code, Reason: fmt.Sprintf(format, args...)}
}

// Error implements error.
func (f *FaultError) Error() string {
	if f.Detail != "" {
		return fmt.Sprintf("SOAP fault %s: %s (%s)", f.Code, f.Reason, f.Detail)
	}
	return fmt.Sprintf("SOAP fault %s: %s", f.Code, f.Reason)
}

// Class is the code without its sub-code.
func (f *FaultError) Class() string {
	class, _, _ := strings.Cut(f.Code, ".")
	return class
}

// Subcode is what follows the first dot of the code, or "".
func (f *FaultError) Subcode() string {
	_, sub, _ := strings.Cut(f.Code, ".")
	return sub
}

// Temporary reports whether the service blames itself, so that the same request
// may do better later.
func (f *FaultError) Temporary() bool { return f.Class() == FaultServer }

// Status is the HTTP status that goes with the fault: always 500 in SOAP 1.1,
// in 1.2 400 when the sender is to blame.
func (f *FaultError) Status(v Version) int {
	if v == SOAP12 && f.Class() == FaultClient {
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

// CheckFaultCode returns an error unless code is one that a fault may have.
func CheckFaultCode(code string) error {
	class, sub, dotted := strings.Cut(code, ".")
	switch class {
	case FaultClient, FaultServer, FaultVersionMismatch, FaultMustUnderstand:
	default:
		return fmt.Errorf("fault code %q is none of Client, Server, VersionMismatch, MustUnderstand (a sub-code may follow a dot)", code)
	}
	if dotted && !isNCName(sub) {
		return fmt.Errorf("fault code %q: the sub-code is not a name of letters, digits, dots, dashes", code)
	}
	return nil
}

func isNCName(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'
		if !letter && (i == 0 || r != '-' && r != '.' && (r < '0' || r > '9')) {
			return false
		}
	}
	return s != ""
}

func faultCode12(class string) string {
	switch class {
	case FaultClient:
		return "Sender"
	case FaultServer:
		return "Receiver"
	}
	return class
}

func faultCode11(class string) string {
	switch class {
	case "Sender":
		return FaultClient
	case "Receiver":
		return FaultServer
	}
	return class
}
