package carrier

import "strings"

// Version is a version of SOAP. The zero value is no version.
type Version int

// The versions, told apart by the namespace of the envelope, never by the
// content type, which clients mix up.
const (
	SOAP11 Version = iota + 1
	SOAP12
)

const (
	envelope11 = "http://schemas.xmlsoap.org/soap/envelope/"
	envelope12 = "http://www.w3.org/2003/05/soap-envelope"
)

func versionOf(namespace string) Version {
	switch namespace {
	case envelope11:
		return SOAP11
	case envelope12:
		return SOAP12
	}
	return 0
}

// String returns "1.1" or "1.2".
func (v Version) String() string {
	switch v {
	case SOAP11:
		return "1.1"
	case SOAP12:
		return "1.2"
	}
	return "unknown"
}

func (v Version) namespace() string {
	if v == SOAP12 {
		return envelope12
	}
	return envelope11
}

// ContentType is the content type of a message. A request names its soapAction,
// which SOAP 1.2 puts into the type; an answer passes "".
func (v Version) ContentType(action string) string {
	if v != SOAP12 {
		return "text/xml; charset=utf-8"
	}
	if action == "" {
		return "application/soap+xml; charset=utf-8"
	}
	return `application/soap+xml; charset=utf-8; action="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(action) + `"`
}

// Action is the soapAction of an operation. A SOAP 1.1 request sends it in
// quotes in the SOAPAction header, where it is mandatory.
func Action(op string) string { return "urn:" + op }
