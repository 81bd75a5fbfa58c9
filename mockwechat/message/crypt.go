package message

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// crypt is the platform's side of safe and compatible mode for one account. Like
// the signature it is written apart from the server's, so that the two cannot
// share a mistake; the published vectors bind both. It is safe for concurrent use.
type crypt struct {
	block cipher.Block
	iv    []byte
	appID string
}

func newCrypt(encodingAESKey, appID string) (*crypt, error) {
	key, err := DecodeKey(encodingAESKey)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return &crypt{block: block, iv: key[:block.BlockSize()], appID: appID}, nil
}

// encrypt returns the text of Encrypt for a message; head is 16 characters.
func (c *crypt) encrypt(head string, message []byte) string {
	var b bytes.Buffer
	b.Grow(len(message) + 128)
	b.WriteString(head)
	_ = binary.Write(&b, binary.BigEndian, uint32(len(message))) // a buffer takes everything
	b.Write(message)
	b.WriteString(c.appID)
	pad := 32 - b.Len()&31
	b.Write(bytes.Repeat([]byte{byte(pad)}, pad))
	cipher.NewCBCEncrypter(c.block, c.iv).CryptBlocks(b.Bytes(), b.Bytes())
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// decrypt returns the message in the text of an Encrypt. Errors name the
// platform's code.
func (c *crypt) decrypt(text string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%w: Encrypt is not base64 (-40010)", errXML)
	}
	if len(b) < 32 || len(b)&31 != 0 {
		return nil, fmt.Errorf("%w: Encrypt has %d bytes, want a multiple of 32 (-40007)", errXML, len(b))
	}
	cipher.NewCBCDecrypter(c.block, c.iv).CryptBlocks(b, b)
	pad := b[len(b)-1]
	if pad == 0 || pad > 32 || !bytes.HasSuffix(b, bytes.Repeat([]byte{pad}, int(pad))) {
		return nil, fmt.Errorf("%w: Encrypt has a wrong padding or another key (-40007)", errXML)
	}
	b = b[:len(b)-int(pad)]
	if len(b) < 20 {
		return nil, fmt.Errorf("%w: Encrypt holds %d bytes (-40008)", errXML, len(b))
	}
	rest, size := b[20:], int64(binary.BigEndian.Uint32(b[16:20]))
	if size > int64(len(rest)) {
		return nil, fmt.Errorf("%w: Encrypt says %d bytes of %d (-40008)", errXML, size, len(rest))
	}
	if id := string(rest[size:]); id != c.appID {
		return nil, fmt.Errorf("%w: Encrypt is of appid %.40q, want %q (-40005)", errXML, id, c.appID)
	}
	return rest[:size], nil
}

// msgSignature signs a ciphertext: the SHA-1, in hex, of the four strings put in
// byte order and joined.
func msgSignature(token, timestamp, nonce, encrypt string) string {
	parts := []string{token, timestamp, nonce, encrypt}
	slices.Sort(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}
