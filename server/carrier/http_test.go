package carrier_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"oalab/server/carrier"
)

const answerOf = `<RspCode>0000</RspCode><RspDesc>受理成功</RspDesc><Serial>S1</Serial><OrderID>C1</OrderID>`

// TestAnswersAsTheyCome: an order was applied, and the answer says so in some way.
func TestAnswersAsTheyCome(t *testing.T) {
	plain := in(`<OrderProductResponse>` + answerOf + `</OrderProductResponse>`)
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(plain)
	if err != nil {
		t.Fatal(err)
	}
	utf16, err := unicode.UTF16(unicode.BigEndian, unicode.UseBOM).NewEncoder().String(`<?xml version="1.0" encoding="UTF-16"?>` + plain)
	if err != nil {
		t.Fatal(err)
	}
	parts := func(rootHead, root string) string {
		return "preamble\r\n--b1\r\nContent-Type: application/pdf\r\nContent-ID: <a@x>\r\n\r\n%PDF\r\n" +
			"--b1\r\n" + rootHead + "Content-ID: <root@x>\r\n\r\n" + root + "\r\n--b1--\r\n"
	}
	const mtom = `multipart/related; type="application/xop+xml"; start="<root@x>"; start-info="text/xml"; boundary="b1"`
	const xop = `Content-Type: application/xop+xml; charset=UTF-8; type="text/xml"` + "\r\n"
	only := "--b1\r\nContent-Type: text/xml\r\n\r\n" + plain + "\r\n--b1\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n--b1--"
	for name, tt := range map[string]struct{ kind, body, desc string }{
		"plain":                        {"text/xml; charset=utf-8", plain, ""},
		"no type":                      {"", plain, ""},
		"bad type":                     {"text/xml; charset", plain, ""},
		"byte order mark":              {"text/xml", "\ufeff" + plain, ""},
		"mark and declaration":         {"text/xml; charset=utf-8", "\ufeff<?xml version='1.0' encoding='utf-8'?>\r\n" + plain, ""},
		"GBK declared":                 {"text/xml", `<?xml version="1.0" encoding="GBK"?>` + gbk, ""},
		"GB2312 by the transport":      {"text/xml;charset=gb2312", gbk, ""},
		"GBK declared, default beside": {"text/xml;charset=UTF-8", `<?xml version="1.0" encoding="GBK"?>` + gbk, ""},
		"UTF-16":                       {"text/xml", utf16, ""},
		"UTF-16 by the transport too":  {"text/xml; charset=utf-16", utf16, ""},
		"a byte too many":              {"text/xml", strings.Replace(plain, "成功", "\xff", 1), "受理\uFFFD"},
		"a control character":          {"text/xml", strings.Replace(plain, "成功", "&#x1d;", 1), "受理\uFFFD"},
		"MTOM":                         {mtom, parts(xop, plain), ""},
		"MTOM, GBK":                    {mtom, parts("Content-Type: application/xop+xml; charset=GBK\r\n", gbk), ""},
		"MTOM in base64":               {mtom, parts(xop+"Content-Transfer-Encoding: BASE64\r\n", base64.StdEncoding.EncodeToString([]byte(plain))), ""},
		"MTOM in quoted-printable":     {mtom, parts(xop+"Content-Transfer-Encoding: quoted-printable\r\n", strings.ReplaceAll(plain, "=", "=3D")), ""},
		"with attachments":             {`Multipart/Related; boundary=b1; type="text/xml"`, only, ""},
		"start that names none":        {`multipart/related; boundary=b1; start="<other>"`, only, ""},
	} {
		var got carrier.OrderProductResponse
		body, err := carrier.Document(tt.kind, []byte(tt.body))
		if err == nil {
			err = carrier.DecodeResponse(body, &got)
		}
		want := tt.desc
		if want == "" {
			want = "受理成功"
		}
		if err != nil || got.RspCode != carrier.CodeOK || got.Serial != "S1" || got.RspDesc != want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for name, tt := range map[string]struct{ kind, body, problem string }{
		"no boundary":       {"multipart/related", only, "no boundary"},
		"other boundary":    {"multipart/related; boundary=zz", only, "has no part"},
		"unknown encoding":  {"text/xml; charset=utf-8", `<?xml version="1.0" encoding="klingon"?>` + plain, ""},
		"cut in the middle": {`multipart/related; boundary=b1`, only[:60], "part 1"},
	} {
		body, err := carrier.Document(tt.kind, []byte(tt.body))
		if tt.problem == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if !errors.Is(err, carrier.ErrMalformed) || !strings.Contains(err.Error(), tt.problem) {
			t.Errorf("%s: %q, %v, want %q", name, body, err, tt.problem)
		}
	}
}

// TestRequestsAsTheyCome: the mock reads what other tools send.
func TestRequestsAsTheyCome(t *testing.T) {
	for name, raw := range map[string]string{
		"byte order mark": "\ufeff" + in(order),
		"GBK":             `<?xml version="1.0" encoding="GBK"?><!-- ` + "\xd6\xd0" + ` -->` + in(order),
		"a bad byte":      `<!-- ` + "\xff" + ` -->` + in(order),
	} {
		call, err := carrier.DecodeRequest([]byte(raw))
		if err != nil || call.Operation != carrier.OpOrderProduct {
			t.Errorf("%s: %+v, %v", name, call, err)
		}
	}
	if _, err := carrier.DecodeRequest([]byte("\ufeff" + `<e:Envelope xmlns:e="` + ns11 + `"><e:Body></e:Envelope>`)); err == nil || !strings.Contains(err.Error(), "byte 88: ") {
		t.Errorf("what is refused does not say where: %v", err)
	}
}

func TestBeginning(t *testing.T) {
	got := carrier.Beginning([]byte("\x1b<html>\r\n  <title>\xff 13800138000</title>" + strings.Repeat("x", 300)))
	if !strings.HasPrefix(got, `"\x1b<html> <title>`+"\uFFFD"+` …</title>xxx`) || len(got) > 220 {
		t.Errorf("%s", got)
	}
}
