package wechat

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"fmt"
)

// The plaintext of a message is 16 random bytes, the length of the message in 4
// bytes, the message, and the appid, padded as PKCS#7 says for blocks of 32.
const (
	// RandomSize is the number of random bytes at the head of a plaintext.
	RandomSize = 16
	headSize   = RandomSize + 4
	padBlock   = 32
)

// Cipher encrypts and decrypts for one account under one key (MSG-2). The key is
// expanded once. It is safe for concurrent use.
type Cipher struct {
	block cipher.Block
	iv    [aes.BlockSize]byte
	appID string
}

// NewCipher makes the cipher of an account. The error is ErrKey.
func NewCipher(encodingAESKey, appID string) (*Cipher, error) {
	key, err := ParseKey(encodingAESKey)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	c := &Cipher{block: block, appID: appID}
	copy(c.iv[:], key[:])
	return c, nil
}

// Open decrypts the text of an Encrypt element. It returns the message and the
// random bytes that stood before it. Errors are ErrBase64, ErrDecrypt, ErrBuffer
// and ErrAppID. Check the signature first: an error tells the maker of the
// ciphertext something about it.
func (c *Cipher) Open(encrypted string) (message, random []byte, err error) {
	plain, err := decode(encrypted)
	if err != nil {
		return nil, nil, err
	}
	if len(plain) == 0 || len(plain)%padBlock != 0 {
		return nil, nil, fmt.Errorf("%w: %d bytes are not whole blocks of %d", ErrDecrypt, len(plain), padBlock)
	}
	cipher.NewCBCDecrypter(c.block, c.iv[:]).CryptBlocks(plain, plain)
	if plain, err = unpad(plain); err != nil {
		return nil, nil, err
	}
	if len(plain) < headSize {
		return nil, nil, fmt.Errorf("%w: %d bytes", ErrBuffer, len(plain))
	}
	size := binary.BigEndian.Uint32(plain[RandomSize:])
	if uint64(size) > uint64(len(plain)-headSize) {
		return nil, nil, fmt.Errorf("%w: message of %d bytes in %d", ErrBuffer, size, len(plain)-headSize)
	}
	message, appID := plain[headSize:headSize+int(size)], plain[headSize+int(size):]
	if string(appID) != c.appID {
		return nil, nil, ErrAppID
	}
	return message, plain[:RandomSize:RandomSize], nil
}

// decode reads standard base64 with its padding. Line breaks, which the decoder
// of the standard library skips, are refused: the platform writes none.
func decode(text string) ([]byte, error) {
	buf := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(buf, []byte(text))
	if err != nil || base64.StdEncoding.EncodedLen(n) != len(text) {
		return nil, ErrBase64
	}
	return buf[:n], nil
}

// unpad takes the padding off: n bytes of value n, n from 1 to 32.
func unpad(plain []byte) ([]byte, error) {
	n := int(plain[len(plain)-1])
	if n < 1 || n > padBlock { // the caller has at least padBlock bytes
		return nil, fmt.Errorf("%w: padding", ErrDecrypt)
	}
	bad := byte(0)
	for _, b := range plain[len(plain)-n:] {
		bad |= b ^ byte(n)
	}
	if bad != 0 {
		return nil, fmt.Errorf("%w: padding", ErrDecrypt)
	}
	return plain[:len(plain)-n], nil
}

// AppendSeal encrypts a message and appends the text of an Encrypt element. The
// random bytes are the caller's, so that the same arguments give the same text;
// they must be hard to guess, because the key's own bytes are the only IV.
func (c *Cipher) AppendSeal(dst []byte, random [RandomSize]byte, message []byte) []byte {
	size := headSize + len(message) + len(c.appID)
	padding := padBlock - size%padBlock
	plain := make([]byte, 0, size+padding)
	plain = append(plain, random[:]...)
	plain = binary.BigEndian.AppendUint32(plain, uint32(len(message)))
	plain = append(plain, message...)
	plain = append(plain, c.appID...)
	for range padding {
		plain = append(plain, byte(padding))
	}
	cipher.NewCBCEncrypter(c.block, c.iv[:]).CryptBlocks(plain, plain)
	return base64.StdEncoding.AppendEncode(dst, plain)
}
