package mockcarrier_test

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/mockcarrier"
	"oalab/mockcarrier/ledger"
	"oalab/server/carrier"
)

// foreignClient is a SOAP stack of another language.
type foreignClient struct {
	name     string
	commands []string // interpreters, the first that can load the stack is used
	probe    []string // arguments that load the stack and do nothing else
	script   string
	serial   string // prefix of its serials
	packages string // of Debian
}

func foreignClients() []foreignClient {
	return []foreignClient{
		{
			"php",
			[]string{"php"},
			[]string{"-r", `exit(class_exists("SoapClient") ? 0 : 1);`},
			"testdata/php_client.php", "PHP", "php-cli php-soap",
		},
		{
			// Debian's packages belong to its own interpreter, which need not be the first on PATH.
			"zeep",
			[]string{"python3", "/usr/bin/python3"},
			[]string{"-c", "import zeep"},
			"testdata/zeep_client.py", "ZEEP", "python3-zeep",
		},
		{
			"soap-lite",
			[]string{"perl", "/usr/bin/perl"},
			[]string{"-MSOAP::Lite", "-e", "1"},
			"testdata/lite_client.pl", "LITE", "libsoap-lite-perl",
		},
	}
}

// interpreter finds the first command that can load the stack.
func (f foreignClient) interpreter(ctx context.Context) string {
	for _, command := range f.commands {
		if exec.CommandContext(ctx, command, f.probe...).Run() == nil {
			return command
		}
	}
	return ""
}

// TestSOAPClients lets the SOAP stacks of other languages call every operation
// from the WSDL (MOCKC-1), in both versions.
func TestSOAPClients(t *testing.T) {
	required := slices.Contains(strings.Split(os.Getenv("OALAB_REQUIRE"), ","), "soap")
	for _, f := range foreignClients() {
		t.Run(f.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			interpreter := f.interpreter(ctx)
			if interpreter == "" {
				text := "no " + strings.Join(f.commands, " or ") + " with a SOAP stack here.\nRemedy: make deps, or apt-get install " + f.packages
				if required {
					t.Fatal(text + "\nOALAB_REQUIRE names soap, so this may not be skipped")
				}
				t.Skip("SKIPPED: " + text)
			}
			for version, sender := range map[string]string{"1.1": "Client", "1.2": "Sender"} {
				t.Run(version, func(t *testing.T) { f.run(ctx, t, interpreter, version, sender) })
			}
		})
	}
}

// today is the day on the carrier's clock.
func today() string { return time.Now().In(time.FixedZone("", 8*3600)).Format("20060102") }

func (f foreignClient) run(ctx context.Context, t *testing.T, interpreter, version, sender string) {
	t.Helper()
	b := start(t, mockcarrier.Config{Products: []string{"DM5"}})
	cmd := exec.CommandContext(ctx, interpreter, f.script, b.service()+"?wsdl", version, today())
	cmd.Env = append(os.Environ(), "no_proxy=*", "NO_PROXY=*", "PYTHONIOENCODING=utf-8", "PYTHONDONTWRITEBYTECODE=1", "LC_ALL=C.UTF-8")
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", interpreter, f.script, err, out, problems.String())
	}
	serial := f.serial + version
	want := []string{
		"order 0000 " + serial,
		"again 0000 True",
		"refused 1002 None",
		"state 0000 applied",
		"usage 0000 3 data MB True",
		"sms 0000 True",
		"topup 0000 True",
		"topup state applied True",
		"day 0000 True [500]",
		"month 0000 True True",
		"package 0000 ['data', 'voice', 'sms', 'wlan'] True",
		"points 0000 True",
		"history 0000 2 5 订购积分",
		"change 1011 None",
		"gift 0000 True",
		"password 1013 2",
		"whose 0000 mobile true True",
		"code 0000 True",
		"fault " + sender + " Serial is longer than 64 bytes",
	}
	if diff := cmp.Diff(want, strings.Split(strings.TrimSpace(string(out)), "\n")); diff != "" {
		t.Errorf("what the client saw: %s\n%s", diff, problems.String())
	}
	called := map[string]bool{carrier.OpQueryOrder: true} // lines leaves its lines out
	for _, l := range b.lines(t, "") {
		called[l.Op] = true
	}
	for _, op := range carrier.Operations() {
		if !called[op] {
			t.Errorf("%s was not called", op)
		}
	}
	if got := effects(b.lines(t, "op=OrderProduct")); got != "applied repeated refused" {
		t.Errorf("effects of orders: %s", got)
	}
	// The text came over whole: only then is this the same text with that serial.
	var again carrier.SendSMSResponse
	sms := &carrier.SendSMSRequest{Serial: serial, Msisdn: phone, Text: `流量 <1> & ]]> "2"`}
	if err := b.call(t.Context(), carrier.SOAP11, sms, &again); err != nil || again.RspCode != carrier.CodeOK {
		t.Errorf("the same text again: %+v, %v", again, err)
	}
	lines := b.lines(t, "op=OrderProduct&serial="+serial+"X")
	if len(lines) != 1 || lines[0].Code != "P<&>" || lines[0].Effect != ledger.EffectRefused {
		t.Errorf("the refused order is on record as %+v", lines)
	}
}
