package carrier

import "fmt"

// Code is the result code (RspCode) of an answer: four digits. Business
// refusals come in normal answers; SOAP faults are for protocol and system
// trouble only.
type Code string

// The result codes. 1xxx is a business refusal, which asking again does not
// change; 2xxx is trouble of the carrier, which may pass.
const (
	CodeOK             Code = "0000"
	CodeBadNumber      Code = "1001" // not a phone number
	CodeUnknownProduct Code = "1002"
	CodeSerialReused   Code = "1003" // the serial came before with another body
	CodeBadMonth       Code = "1004" // not yyyyMM
	CodeBadText        Code = "1005" // text too long
	CodeOtherCarrier   Code = "1006" // the number is another carrier's
	CodeBadDay         Code = "1007" // not yyyyMMdd
	CodeNoBill         Code = "1008" // no bill of that day or month: it is to come, or too long ago
	CodeBadAmount      Code = "1009" // money, data or a count out of bounds
	CodeNoMoney        Code = "1010" // the balance is below the price
	CodeUnknownPackage Code = "1011"
	CodeSamePackage    Code = "1012" // the number has the package already
	CodeWrongPassword  Code = "1013"
	CodeLocked         Code = "1014" // too many wrong passwords
	CodeBadCode        Code = "1015" // not a code of 4 to 8 digits
	CodeBadInput       Code = "1016" // another field has a value that it cannot have
	CodeSoldOut        Code = "1017" // of the product there is no more
	CodeExcluded       Code = "1018" // the number has a product or package that excludes it
	CodeLimit          Code = "1019" // the number has as many of the product as it can have
	CodeBusy           Code = "2001"
	CodeInProgress     Code = "2002" // the serial is being processed: its effect may come yet
)

// Codes returns all result codes of this contract.
func Codes() []Code {
	return []Code{
		CodeOK, CodeBadNumber, CodeUnknownProduct, CodeSerialReused, CodeBadMonth, CodeBadText, CodeOtherCarrier, CodeBadDay, CodeNoBill,
		CodeBadAmount, CodeNoMoney, CodeUnknownPackage, CodeSamePackage, CodeWrongPassword, CodeLocked, CodeBadCode, CodeBadInput,
		CodeSoldOut, CodeExcluded, CodeLimit,
		CodeBusy, CodeInProgress,
	}
}

// Desc is the standard text of a code.
func (c Code) Desc() string {
	switch c {
	case CodeOK:
		return "success"
	case CodeBadNumber:
		return "not a phone number"
	case CodeUnknownProduct:
		return "unknown product"
	case CodeSerialReused:
		return "the serial was used before with another body"
	case CodeBadMonth:
		return "not a month (yyyyMM)"
	case CodeBadText:
		return "text too long"
	case CodeOtherCarrier:
		return "a number of another carrier"
	case CodeBadDay:
		return "not a day (yyyyMMdd)"
	case CodeNoBill:
		return "no bill of that time"
	case CodeBadAmount:
		return "amount out of bounds"
	case CodeNoMoney:
		return "balance too low"
	case CodeUnknownPackage:
		return "unknown package"
	case CodeSamePackage:
		return "the number has this package"
	case CodeWrongPassword:
		return "wrong password"
	case CodeLocked:
		return "password locked"
	case CodeBadCode:
		return "not a code of 4 to 8 digits"
	case CodeBadInput:
		return "a field has a value that it cannot have"
	case CodeSoldOut:
		return "sold out"
	case CodeExcluded:
		return "excluded by what the number has"
	case CodeLimit:
		return "the number has as many as it can have"
	case CodeBusy:
		return "system busy, try again later"
	case CodeInProgress:
		return "the serial is being processed, ask with QueryOrder"
	}
	if c.Final() {
		return "refused"
	}
	return "system error"
}

// Final reports whether a code is a business refusal (1xxx): the carrier has
// decided and will say the same to the same request again.
func (c Code) Final() bool { return len(c) == 4 && c[0] == '1' }

// Result is what every response starts with.
type Result struct {
	RspCode Code
	RspDesc string
}

// ResultOf returns the result of a code with its standard text.
func ResultOf(c Code) Result { return Result{RspCode: c, RspDesc: c.Desc()} }

// Outcome implements Response for the structs that embed a Result.
func (r *Result) Outcome() Result { return *r }

// Err is nil for success and a *RefusedError otherwise.
func (r *Result) Err() error {
	if r.RspCode == CodeOK {
		return nil
	}
	return &RefusedError{Code: r.RspCode, Desc: r.RspDesc}
}

func (r *Result) lead(rest ...part) []part {
	return append([]part{
		need("RspCode", (*string)(&r.RspCode)), need("RspDesc", &r.RspDesc),
	}, rest...)
}

// RefusedError is an answer other than success: the carrier was reached,
// understood the request, and this call changed nothing. With CodeInProgress
// another call with the same serial still may.
type RefusedError struct {
	Code Code
	Desc string
}

// Error implements error.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("carrier answered %s (%s)", e.Code, e.Desc)
}

// Final reports whether asking again is useless, see Code.Final.
func (e *RefusedError) Final() bool { return e.Code.Final() }

// Refuse returns the response of an operation that tells a code, with the serial of the
// request where the response has one. It is nil when the service has no such operation.
func Refuse(op string, c Code, serial string) Response {
	response := NewResponse(op)
	if response == nil {
		return nil
	}
	for _, p := range response.parts() {
		if text, ok := p.value.(*string); ok {
			switch p.name {
			case "RspCode":
				*text = string(c)
			case "RspDesc":
				*text = c.Desc()
			case "Serial":
				*text = serial
			}
		}
	}
	return response
}
