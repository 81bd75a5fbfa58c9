package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1" //nolint:gosec // the platform's signature
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

// The account of all peers.
const (
	appID  = "wx0000000000000001"
	secret = "0123456789abcdef0123456789abcdef"
	token  = "AAAAA"
	aesKey = "mNnY5GekpChwqhy2c4NBH90g3hND6GeI4gii2YCvKLY"
)

const (
	followers = 20_000
	hit       = "流量套餐" // of ten texts six have the keyword
	miss      = "请问在吗"
	answerHit = "您好，回复数字选择套餐：1、10元100MB；2、20元300MB；3、30元500MB。套餐立即生效，当月有效。"
)

// pushes makes distinct messages of the platform in safe mode, as whole requests of
// HTTP/1.1. It is safe for concurrent use.
type pushes struct {
	block cipher.Block
	iv    []byte
	host  string
	epoch int64
	next  atomic.Int64
}

// newPushes makes messages for a server at host:port, none of which another one of this
// run has: epoch tells them apart.
func newPushes(host string, epoch int64) (*pushes, error) {
	key, err := base64.StdEncoding.DecodeString(aesKey + "=")
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return &pushes{block: block, iv: key[:aes.BlockSize], host: host, epoch: epoch}, nil
}

// request appends the next message to dst.
func (p *pushes) request(dst []byte) []byte {
	n := p.next.Add(1)
	text := hit
	if n%10 >= 6 {
		text = miss
	}
	at := p.epoch/1_000_000_000 + n/1000
	xml := fmt.Sprintf("<xml><ToUserName><![CDATA[gh_a96a4a619366]]></ToUserName><FromUserName><![CDATA[oFollower%019d]]></FromUserName>"+
		"<CreateTime>%d</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[%s]]></Content><MsgId>%d</MsgId></xml>",
		n%followers, at, text, p.epoch+n)
	cipherText := p.seal([]byte(xml))
	stamp, nonce := strconv.FormatInt(at, 10), "1320562132"
	body := "<xml><ToUserName><![CDATA[gh_a96a4a619366]]></ToUserName><Encrypt><![CDATA[" + cipherText + "]]></Encrypt></xml>"
	return fmt.Appendf(dst, "POST /wechat/demo?signature=%s&timestamp=%s&nonce=%s&openid=oFollower%019d&encrypt_type=aes&msg_signature=%s HTTP/1.1\r\n"+
		"Host: %s\r\nUser-Agent: Mozilla/4.0\r\nAccept: */*\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s",
		sign(token, stamp, nonce), stamp, nonce, n%followers, sign(token, stamp, nonce, cipherText), p.host, len(body), body)
}

// seal encrypts as the platform does: 16 random bytes, the length, the message, the
// account, padded to 32.
func (p *pushes) seal(message []byte) string {
	plain := make([]byte, 0, len(message)+80)
	plain = append(plain, "0123456789abcdef"...) // random enough for a measurement
	plain = binary.BigEndian.AppendUint32(plain, uint32(len(message)))
	plain = append(append(plain, message...), appID...)
	pad := 32 - len(plain)%32
	for range pad {
		plain = append(plain, byte(pad))
	}
	cipher.NewCBCEncrypter(p.block, p.iv).CryptBlocks(plain, plain)
	return base64.StdEncoding.EncodeToString(plain)
}

func sign(parts ...string) string {
	slices.Sort(parts)
	sum := sha1.Sum([]byte(strings.Join(parts, "")))
	return hex.EncodeToString(sum[:])
}
