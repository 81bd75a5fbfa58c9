package mockwechat

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"oalab/mockwechat/pay"
)

// testBits are few, so that the tests are quick.
const testBits = 1024

// identity is a key, its certificate in PEM and the number of that.
type identity struct {
	key    *rsa.PrivateKey
	cert   string
	serial string
}

// merchantKey is the key of the tests' merchant, with its certificate and serial number.
var merchantKey = sync.OnceValue(func() (m identity) {
	key, err := rsa.GenerateKey(rand.Reader, testBits)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(0x51C0FFE), Subject: pkix.Name{CommonName: mchID},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	m.key, m.serial = key, "051C0FFE"
	m.cert = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return m
})

// otherKey belongs to no merchant that the platform knows.
var otherKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, testBits)
	if err != nil {
		panic(err)
	}
	return key
})

// sealedThing is a text under the APIv3 key.
type sealedThing struct {
	Algorithm, Nonce, Ciphertext string
	AssociatedData               string `json:"associated_data"`
}

func (s sealedThing) open(tb testing.TB) []byte {
	tb.Helper()
	text, err := s.opens(apiV3Key)
	if err != nil || s.Algorithm != "AEAD_AES_256_GCM" {
		tb.Fatalf("%s: %v", s.Algorithm, err)
	}
	return text
}

// opens opens the text under an APIv3 key.
func (s sealedThing) opens(key string) ([]byte, error) {
	block, err := aes.NewCipher([]byte(key))
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	raw, err := base64.StdEncoding.DecodeString(s.Ciphertext)
	if err != nil {
		return nil, err
	}
	return gcm.Open(nil, []byte(s.Nonce), raw, []byte(s.AssociatedData))
}

// sign signs a text as a merchant does.
func sign(key *rsa.PrivateKey, text string) string {
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(signature)
}

// sheetOf is what a page gives the phone, signed.
func sheetOf(id string, key *rsa.PrivateKey) pay.Sheet {
	s := pay.Sheet{AppID: "wxdemo", TimeStamp: "1700000000", NonceStr: "n", Package: "prepay_id=" + id, SignType: "RSA"}
	s.PaySign = sign(key, strings.Join([]string{s.AppID, s.TimeStamp, s.NonceStr, s.Package}, "\n")+"\n")
	return s
}
