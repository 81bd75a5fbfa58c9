package pay

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strconv"
	"time"

	"oalab/mockwechat/platform"
)

// scheme is the one way to sign that the mock knows.
const scheme = "WECHATPAY2-SHA256-RSA2048"

// maxSkew is how far the time of a request may be from the platform's.
const maxSkew = 5 * time.Minute

// authorization is what a request says of its signature.
type authorization struct {
	mchID, nonce, serial string
	timestamp            int64
	signature            []byte
}

var pairs = regexp.MustCompile(`([a-z_]+)="([^"]*)"`)

// readAuthorization reads the header Authorization; whole is false when something is missing.
func readAuthorization(header string) (a authorization, whole bool) {
	if len(header) <= len(scheme) || header[:len(scheme)+1] != scheme+" " {
		return a, false
	}
	values := map[string]string{}
	for _, m := range pairs.FindAllStringSubmatch(header[len(scheme):], -1) {
		values[m[1]] = m[2]
	}
	var err error
	a.timestamp, err = strconv.ParseInt(values["timestamp"], 10, 64)
	a.signature = decodeSignature(values["signature"])
	a.mchID, a.nonce, a.serial = values["mchid"], values["nonce_str"], values["serial_no"]
	return a, err == nil && a.mchID != "" && a.nonce != "" && a.serial != "" && len(a.signature) > 0
}

// judge verifies the caller. The times of signatures are real ones, also when the
// platform's clock is moved, because clients judge them by their own clocks.
func (c *call) judge() answer {
	if c.breaks("pay-authorization", !c.whole) || c.breaks("pay-merchant", c.acc == nil) {
		return c.refusal()
	}
	if c.acc == nil {
		return refuse(codeSystem) // of a rule that is not enforced nothing else can be told
	}
	serial, key, err := c.acc.Config.Pay.Key()
	if err != nil { // a validated configuration has none
		return refuse(codeSystem)
	}
	skew := time.Since(time.Unix(c.auth.timestamp, 0)).Abs()
	signed := c.Method + "\n" + c.URL.RequestURI() + "\n" + strconv.FormatInt(c.auth.timestamp, 10) + "\n" + c.auth.nonce + "\n" + string(c.body) + "\n"
	if c.breaks("pay-serial", c.auth.serial != serial) || c.breaks("pay-timestamp", skew > maxSkew) ||
		c.breaks("pay-signature", !verify(key, signed, c.auth.signature)) {
		return c.refusal()
	}
	return answer{}
}

func verify(key *rsa.PublicKey, text string, signature []byte) bool {
	sum := sha256.Sum256([]byte(text))
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil
}

// headers sign a body as the platform does.
func (s *Server) headers(body []byte) (map[string]string, error) {
	cert, err := s.certificates.signing()
	if err != nil {
		return nil, err
	}
	timestamp, nonce := strconv.FormatInt(time.Now().Unix(), 10), s.letters(idLength)
	sum := sha256.Sum256([]byte(timestamp + "\n" + nonce + "\n" + string(body) + "\n"))
	signature, err := rsa.SignPKCS1v15(nil, cert.key, crypto.SHA256, sum[:])
	if err != nil {
		return nil, err
	}
	return map[string]string{
		"Wechatpay-Timestamp": timestamp, "Wechatpay-Nonce": nonce, "Wechatpay-Serial": cert.serial,
		"Wechatpay-Signature": base64.StdEncoding.EncodeToString(signature), "Wechatpay-Signature-Type": scheme,
	}, nil
}

// sealed is a text under the merchant's APIv3 key.
type sealed struct {
	Algorithm      string `json:"algorithm"`
	Nonce          string `json:"nonce"`
	AssociatedData string `json:"associated_data"`
	Ciphertext     string `json:"ciphertext"`
	OriginalType   string `json:"original_type,omitempty"`
}

// seal encrypts a text for a merchant.
func (s *Server) seal(m platform.Merchant, associated string, text []byte) (sealed, error) {
	const nonceLength = 12
	gcm, err := m.Cipher()
	if err != nil {
		return sealed{}, err
	}
	nonce := s.letters(nonceLength)
	return sealed{
		Algorithm: "AEAD_AES_256_GCM", Nonce: nonce, AssociatedData: associated,
		Ciphertext: base64.StdEncoding.EncodeToString(gcm.Seal(nil, []byte(nonce), text, []byte(associated))),
	}, nil
}

// decodeSignature reads a signature in base64; nil is none.
func decodeSignature(text string) []byte {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	return b
}
