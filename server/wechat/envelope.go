package wechat

import (
	"encoding/base64"
	"strconv"
)

// Envelope is what of an encrypted push is not encrypted (MSG-2). In compatible
// mode the plain elements stand beside it; they are not read, because nothing
// vouches for them.
type Envelope struct {
	// To is the outer ToUserName, which no signature covers; "" when there is none.
	To string
	// Encrypt is the ciphertext in base64, as signed by msg_signature.
	Encrypt string
}

// ParseEnvelope reads the body of a push in safe or compatible mode. Errors are
// those of ParseMessage, and ErrEnvelope when it does not have one Encrypt.
func ParseEnvelope(body []byte) (Envelope, error) {
	root, err := parseXML(body, MaxMessageBytes)
	if err != nil {
		return Envelope{}, err
	}
	e := Envelope{To: root.ChildText("ToUserName")}
	for i := range root.Children {
		c := &root.Children[i]
		if c.Name != "Encrypt" {
			continue
		}
		if e.Encrypt != "" || len(c.Children) > 0 || c.Text == "" {
			return Envelope{}, ErrEnvelope
		}
		e.Encrypt = c.Text
	}
	if e.Encrypt == "" {
		return Envelope{}, ErrEnvelope
	}
	return e, nil
}

// Verify compares msg_signature in constant time. The error is ErrMsgSignature.
func (e Envelope) Verify(msgSignature, token, timestamp, nonce string) error {
	if !SignatureMatches(msgSignature, token, timestamp, nonce, e.Encrypt) {
		return ErrMsgSignature
	}
	return nil
}

// SealReply encrypts a reply and writes the document that the platform reads.
// timestamp, in seconds, is the server's own; nonce echoes that of the push, and
// the timestamp stands in for one that is not a plain word.
func (c *Cipher) SealReply(token string, timestamp int64, nonce string, random [RandomSize]byte, reply []byte) []byte {
	const (
		head  = "<xml><Encrypt><![CDATA["
		sign  = "]]></Encrypt><MsgSignature><![CDATA["
		stamp = "]]></MsgSignature><TimeStamp>"
		echo  = "</TimeStamp><Nonce><![CDATA["
		tail  = "]]></Nonce></xml>"
	)
	when := strconv.FormatInt(timestamp, 10)
	if !identifier(nonce, 128) {
		nonce = when
	}
	size := headSize + len(reply) + len(c.appID) + padBlock
	b := make([]byte, 0, base64.StdEncoding.EncodedLen(size)+len(nonce)+len(when)+signatureSize+
		len(head)+len(sign)+len(stamp)+len(echo)+len(tail))
	b = append(b, head...)
	b = c.AppendSeal(b, random, reply)
	encrypt := b[len(head):]
	signature := digest([]byte(token), []byte(when), []byte(nonce), encrypt)
	b = append(b, sign...)
	b = append(b, signature[:]...)
	b = append(b, stamp...)
	b = append(b, when...)
	b = append(b, echo...)
	b = append(b, nonce...)
	return append(b, tail...)
}
