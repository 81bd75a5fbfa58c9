// Package payapi is the client of WeChat Pay v3, the JSAPI way, and the only place that knows the
// platform's official library (BIZ-8). It signs what a merchant asks, verifies what Pay answers and
// what Pay tells, and opens what Pay seals.
package payapi

import (
	"errors"
	"time"
)

// Merchant is what an official account takes payments with.
type Merchant struct {
	// Account is the name of the official account, AppID its id at the platform.
	Account, AppID string
	// MchID is the merchant's number.
	MchID string
	// CertificateSerial names the certificate of the private key at Pay, in hexadecimal capitals.
	CertificateSerial string
	// PrivateKey signs, in PEM (PKCS 8).
	PrivateKey string
	// APIv3Key opens certificates and notifications: 32 bytes.
	APIv3Key string
}

// Order is what a follower is asked to pay.
type Order struct {
	// Serial is the merchant's number of it: 6 to 32 letters and digits.
	Serial string
	// OpenID is the only follower who can pay it.
	OpenID string
	// Text is what the follower's phone shows, at most 127 characters.
	Text string
	Fen  int64
	// Expires is when it can be paid no more.
	Expires time.Time
	// NotifyURL is where Pay tells of the payment.
	NotifyURL string
}

// Sheet is what a page gives the phone, signed by the merchant.
type Sheet struct {
	AppID     string `json:"appId"`
	TimeStamp string `json:"timeStamp"` // seconds since 1970
	NonceStr  string `json:"nonceStr"`
	Package   string `json:"package"`
	SignType  string `json:"signType"`
	PaySign   string `json:"paySign"`
}

// The states of a payment, of those that Pay names.
const (
	Paid     = "SUCCESS"
	Refunded = "REFUND" // at least in part
	Unpaid   = "NOTPAY"
	Closed   = "CLOSED"
)

// Payment is what Pay says of an order.
type Payment struct {
	Serial string
	// State is as Pay writes it.
	State string
	// Transaction is Pay's number of the payment; "" where there is none.
	Transaction string
	Fen         int64
}

// Made reports whether the money came in.
func (p Payment) Made() bool {
	return p.Transaction != "" && (p.State == Paid || p.State == Refunded)
}

// Refund gives the money of a payment back.
type Refund struct {
	// Serial is the merchant's number of the payment, Number that of the refund: of one number
	// there is one refund, however often it is asked for.
	Serial, Number string
	// Fen is how much, Total what was paid.
	Fen, Total int64
	// Why is shown to the payer.
	Why       string
	NotifyURL string
}

// The states of a refund.
const (
	RefundDone       = "SUCCESS"
	RefundProcessing = "PROCESSING"
	RefundClosed     = "CLOSED"
	RefundAbnormal   = "ABNORMAL" // the payer's account takes no money: the merchant's people see to it
)

// Notice is what Pay tells, verified and opened.
type Notice struct {
	// ID is the same in each copy and each try.
	ID string
	// Payment is what was paid; its zero value in a notice of a refund.
	Payment Payment
	// Refund is the number of a refund, with its state and its money; "" in a notice of a payment.
	Refund, RefundState string
	RefundFen           int64
	// RefundOf is the merchant's number of the payment.
	RefundOf string
}

// Errors of a Client that callers tell apart.
var (
	// ErrNoMerchant: the account takes no payments.
	ErrNoMerchant = errors.New("the account has no merchant")
	// ErrNoPayment: Pay has no order of that number.
	ErrNoPayment = errors.New("pay has no such order")
	// ErrOver: the order is paid or closed, so it cannot be paid any more.
	ErrOver = errors.New("the order is paid or closed")
	// ErrSignature: the notification is not signed by Pay, or too old.
	ErrSignature = errors.New("the signature of the notification is not Pay's")
	// ErrSealed: the notification is signed by Pay, and sealed with another key or not readable.
	ErrSealed = errors.New("the notification cannot be opened with the merchant's key")
	// ErrForeign: the notification is for another merchant or official account.
	ErrForeign = errors.New("the notification is for another merchant")
	// ErrAway: Pay's certificates could not be had, so nothing can be verified now.
	ErrAway = errors.New("the certificates of Pay cannot be had")
)
