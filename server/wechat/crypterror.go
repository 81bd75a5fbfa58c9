package wechat

import "strconv"

// CryptError is one of the platform's own codes for what is wrong with an
// encrypted message or its key. Compare with errors.Is: what wraps it says more.
type CryptError int

// The codes that a receiver can meet (protocol sheet 1.6). The others are about
// failures of a library that cannot fail here.
const (
	// ErrMsgSignature: msg_signature is not that of the message.
	ErrMsgSignature CryptError = -40001
	// ErrEnvelope: the document has no Encrypt, or more than one.
	ErrEnvelope CryptError = -40002
	// ErrKey: the EncodingAESKey is not 43 letters and digits.
	ErrKey CryptError = -40004
	// ErrAppID: the message was encrypted for another account.
	ErrAppID CryptError = -40005
	// ErrDecrypt: not whole blocks, or the padding is wrong.
	ErrDecrypt CryptError = -40007
	// ErrBuffer: the length in the decrypted bytes does not fit them.
	ErrBuffer CryptError = -40008
	// ErrBase64: the ciphertext is not base64.
	ErrBase64 CryptError = -40010
)

// Code is the platform's number.
func (e CryptError) Code() int { return int(e) }

// Error implements error.
func (e CryptError) Error() string {
	text := "cryptography failed"
	switch e {
	case ErrMsgSignature:
		text = "msg_signature does not match"
	case ErrEnvelope:
		text = "envelope has not one Encrypt"
	case ErrKey:
		text = "EncodingAESKey is not 43 letters and digits"
	case ErrAppID:
		text = "message is for another appid"
	case ErrDecrypt:
		text = "message cannot be decrypted"
	case ErrBuffer:
		text = "decrypted bytes are inconsistent"
	case ErrBase64:
		text = "ciphertext is not base64"
	}
	return text + " (" + strconv.Itoa(int(e)) + ")"
}
