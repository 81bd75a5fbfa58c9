package control_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"oalab/server/controlclient"
	"oalab/server/controlpb"
	"oalab/server/internal/control"
	"oalab/server/signing"
)

// door serves the reads of a rig, and returns a client of them.
func (r *rig) door(secured *tls.Config, client credentials.TransportCredentials) (*control.Door, controlpb.TokensClient) {
	r.t.Helper()
	d, err := r.api.OpenDoor(r.t.Context(), "127.0.0.1:0", secured)
	if err != nil {
		r.t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- d.Serve() }()
	r.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := errors.Join(d.Stop(ctx), <-served); err != nil {
			r.t.Error(err)
		}
	})
	conn, err := grpc.NewClient("passthrough:///"+d.Addr(), grpc.WithTransportCredentials(client))
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = conn.Close() })
	return d, controlpb.NewTokensClient(conn)
}

// as signs a call of an app; a nil message is that of a stream.
func as(ctx context.Context, app, method string, message proto.Message) context.Context {
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
	if err != nil {
		panic(err)
	}
	return metadata.NewOutgoingContext(ctx, metadata.New(signing.Metadata(method, raw, app, secret, time.Now())))
}

// TestReadsOverGRPC: what HTTP answers is answered over gRPC, one by one and in a batch, and a
// report brings the next token.
func TestReadsOverGRPC(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	_, c := r.door(nil, insecure.NewCredentials())
	want := &controlpb.Answer{Value: "TOKEN", Version: 7, ExpiresIn: 90}
	q := &controlpb.Question{Account: "demo"}
	got, err := c.Get(as(t.Context(), "all", controlpb.Tokens_Get_FullMethodName, q), q)
	if diff := cmp.Diff(want, got, protocmp.Transform()); err != nil || diff != "" {
		t.Errorf("%v, -want +got\n%s", err, diff)
	}
	batch := &controlpb.Questions{Questions: []*controlpb.Question{
		{Id: 4, Account: "demo", Kind: controlpb.Kind_KIND_TICKET}, {Id: 3, Account: "stranger"}, {Account: "demo"},
	}}
	all, err := c.GetBatch(as(t.Context(), "all", controlpb.Tokens_GetBatch_FullMethodName, batch), batch)
	if diff := cmp.Diff(&controlpb.Answers{Answers: []*controlpb.Answer{
		{Id: 4, Value: "TICKET", Version: 7, ExpiresIn: 90}, {Id: 3, Code: int32(codes.NotFound)}, want,
	}}, all, protocmp.Transform()); err != nil || diff != "" {
		t.Errorf("%v, -want +got\n%s", err, diff)
	}
	dead := &controlpb.Refused{Account: "demo", Token: "TOKEN"}
	if got, err = c.Report(as(t.Context(), "all", controlpb.Tokens_Report_FullMethodName, dead), dead); err != nil || got.GetValue() != "TOKEN+" {
		t.Errorf("after a report: %v, %v", got, err)
	}
	for name, call := range map[string]struct {
		is   codes.Code
		make func() error
	}{
		"an account that does not exist": {codes.NotFound, func() error {
			q := &controlpb.Question{Account: "stranger"}
			_, err := c.Get(as(t.Context(), "all", controlpb.Tokens_Get_FullMethodName, q), q)
			return err
		}},
		"a report of nothing": {codes.InvalidArgument, func() error {
			m := &controlpb.Refused{Account: "demo"}
			_, err := c.Report(as(t.Context(), "all", controlpb.Tokens_Report_FullMethodName, m), m)
			return err
		}},
		"too many questions": {codes.InvalidArgument, func() error {
			m := &controlpb.Questions{Questions: make([]*controlpb.Question, 1025)}
			for i := range m.Questions {
				m.Questions[i] = q
			}
			_, err := c.GetBatch(as(t.Context(), "all", controlpb.Tokens_GetBatch_FullMethodName, m), m)
			return err
		}},
	} {
		if err := call.make(); status.Code(err) != call.is {
			t.Errorf("%s: %v, want %s", name, err, call.is)
		}
	}
	r.tokens.fail(errAway)
	_, err = c.Get(as(t.Context(), "all", controlpb.Tokens_Get_FullMethodName, q), q)
	if status.Code(err) != codes.Unavailable || errors.Is(err, errAway) {
		t.Errorf("the platform away: %v", err)
	}
}

// TestGRPCRefuses: a call without a signature, with that of another message, or with one that was
// used is not answered, and neither is one of an app without the right.
func TestGRPCRefuses(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	_, c := r.door(nil, insecure.NewCredentials())
	q := &controlpb.Question{Account: "demo"}
	once := as(t.Context(), "all", controlpb.Tokens_Get_FullMethodName, q)
	if _, err := c.Get(once, q); err != nil {
		t.Fatal(err)
	}
	for name, call := range map[string]struct {
		ctx context.Context
		is  codes.Code
	}{
		"unsigned":           {t.Context(), codes.Unauthenticated},
		"again":              {once, codes.Unauthenticated},
		"of another message": {as(t.Context(), "all", controlpb.Tokens_Get_FullMethodName, &controlpb.Question{Account: "other"}), codes.Unauthenticated},
		"of another method":  {as(t.Context(), "all", controlpb.Tokens_Report_FullMethodName, q), codes.Unauthenticated},
		"unknown app":        {as(t.Context(), "stranger", controlpb.Tokens_Get_FullMethodName, q), codes.Unauthenticated},
		"without the right":  {as(t.Context(), "none", controlpb.Tokens_Get_FullMethodName, q), codes.PermissionDenied},
	} {
		if a, err := c.Get(call.ctx, q); status.Code(err) != call.is || a != nil {
			t.Errorf("%s: %v, %v, want %s", name, a, err, call.is)
		}
	}
	s, err := c.Stream(t.Context())
	if err == nil {
		_, err = s.Recv()
	}
	if status.Code(err) != codes.Unauthenticated {
		t.Errorf("a stream without a signature: %v", err)
	}
}

// TestStreamAnswersOutOfOrder: a value that has to be fetched holds up no other one, and the end
// of the server ends the stream in good order.
func TestStreamAnswersOutOfOrder(t *testing.T) {
	t.Parallel()
	fetch := make(chan struct{})
	r := newRig(t, func(cfg *control.Config) { cfg.Tickets = slowKeeper{cfg.Tickets, fetch} })
	d, c := r.door(nil, insecure.NewCredentials())
	s, err := c.Stream(as(t.Context(), "all", controlpb.Tokens_Stream_FullMethodName, nil))
	if err != nil {
		t.Fatal(err)
	}
	next := func() *controlpb.Answer {
		t.Helper()
		a, err := s.Recv()
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	send := func(q *controlpb.Question) {
		t.Helper()
		if err := s.Send(q); err != nil {
			t.Fatal(err)
		}
	}
	send(&controlpb.Question{Id: 1, Account: "demo", Kind: controlpb.Kind_KIND_TICKET})
	for id := uint64(2); id < 200; id++ {
		send(&controlpb.Question{Id: id, Account: "demo"})
	}
	for id := uint64(2); id < 200; id++ {
		if a := next(); a.GetId() != id || a.GetValue() != "TOKEN" {
			t.Fatalf("answer %v, want %d", a, id)
		}
	}
	close(fetch)
	if a := next(); a.GetId() != 1 || a.GetValue() != "TICKET" {
		t.Errorf("%v", a)
	}
	ended := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		ended <- d.Stop(ctx)
	}()
	if _, err := s.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("at the end of the server: %v", err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// slowKeeper has nothing in memory until it may fetch.
type slowKeeper struct {
	control.Keeper

	fetch chan struct{}
}

// Lookup implements control.Keeper.
func (k slowKeeper) Lookup(ctx context.Context, account string) (value string, version int64, left time.Duration, err error) {
	select {
	case <-k.fetch:
		return k.Keeper.Lookup(context.WithoutCancel(ctx), account)
	case <-ctx.Done():
		return "", 0, 0, ctx.Err()
	}
}

// TestANodeOverGRPCListsTheOthers: a node sends a caller to those that have the account, and
// serves it to one that asks for that.
func TestANodeOverGRPCListsTheOthers(t *testing.T) {
	t.Parallel()
	list := controlclient.Members{Version: 4}
	for i := range 8 {
		list.Nodes = append(list.Nodes, controlclient.Member{Name: fmt.Sprintf("n%d", i), Address: "http://127.0.0.1:1", GRPC: "127.0.0.1:2", Weight: 2})
	}
	last := list.Order("demo")[7]
	r := newRig(t, func(cfg *control.Config) { cfg.Members, cfg.Self = list, last.Name })
	_, c := r.door(nil, insecure.NewCredentials())
	q := &controlpb.Question{Account: "demo"}
	_, err := c.Get(as(t.Context(), "all", controlpb.Tokens_Get_FullMethodName, q), q)
	details := status.Convert(err).Details()
	if status.Code(err) != codes.FailedPrecondition || len(details) != 1 {
		t.Fatalf("%v", err)
	}
	if m, ok := details[0].(*controlpb.Members); !ok || m.GetVersion() != 4 || len(m.GetNodes()) != 8 || m.GetNodes()[0].GetGrpc() != "127.0.0.1:2" {
		t.Errorf("%v", details)
	}
	q.Anyway = true
	if a, err := c.Get(as(t.Context(), "all", controlpb.Tokens_Get_FullMethodName, q), q); err != nil || a.GetValue() != "TOKEN" {
		t.Errorf("%v, %v", a, err)
	}
}

// TestACertificateIsASignature: an app with a certificate of the authority need not sign; one
// whose name is no app, and one of another authority, get nothing.
func TestACertificateIsASignature(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ours, theirs := authority(t, dir, "ours"), authority(t, dir, "theirs")
	files := func(p control.Placement) *tls.Config {
		t.Helper()
		c, err := p.TLS()
		if err != nil {
			t.Fatal(err)
		}
		c.ServerName = "node.test"
		return c
	}
	r := newRig(t)
	d, _ := r.door(files(ours.issue(t, "node")), insecure.NewCredentials())
	q := &controlpb.Question{Account: "demo"}
	for name, v := range map[string]struct {
		as control.Placement
		is codes.Code
	}{
		"all": {ours.issue(t, "all"), codes.OK}, "none": {ours.issue(t, "none"), codes.PermissionDenied},
		"stranger": {ours.issue(t, "stranger"), codes.Unauthenticated}, "of another authority": {theirs.issue(t, "all"), codes.Unauthenticated},
	} {
		secured := files(v.as)
		secured.RootCAs = files(ours.issue(t, "x")).RootCAs
		conn, err := grpc.NewClient("passthrough:///"+d.Addr(), grpc.WithTransportCredentials(credentials.NewTLS(secured)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err = controlpb.NewTokensClient(conn).Get(t.Context(), q); status.Code(err) != v.is {
			t.Errorf("%s: %v, want %s", name, err, v.is)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, p := range []control.Placement{{TLSCert: "none"}, {TLSCert: ours.issue(t, "y").TLSCert, TLSKey: ours.issue(t, "y").TLSKey, TLSCA: "none"}} {
		if _, err := p.TLS(); err == nil {
			t.Errorf("%+v was read", p)
		}
	}
}

// issuer is an authority of certificates, with files in a folder.
type issuer struct {
	dir, name string
	cert      *x509.Certificate
	key       *ecdsa.PrivateKey
}

func authority(t *testing.T, dir, name string) issuer {
	t.Helper()
	a := issuer{dir: dir, name: name}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.cert, a.key = a.sign(t, template, name+".ca")
	return a
}

// issue makes a certificate with a common name.
func (a issuer) issue(t *testing.T, name string) control.Placement {
	t.Helper()
	base := filepath.Join(a.dir, a.name+"-"+name)
	a.sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"node.test"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.name+"-"+name)
	return control.Placement{TLSCert: base + ".pem", TLSKey: base + ".key", TLSCA: filepath.Join(a.dir, a.name+".ca.pem")}
}

// sign makes a certificate and its key and writes them into files.
func (a issuer) sign(t *testing.T, template *x509.Certificate, file string) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent, by := a.cert, a.key
	if parent == nil {
		parent, by = template, key
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	secretKey, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for ending, block := range map[string]*pem.Block{".pem": {Type: "CERTIFICATE", Bytes: raw}, ".key": {Type: "PRIVATE KEY", Bytes: secretKey}} {
		if err := os.WriteFile(filepath.Join(a.dir, file+ending), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}
