package control

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"slices"

	"oalab/server/controlclient"
	"oalab/server/internal/config"
)

// Placement says which control nodes there are, the same on all servers.
type Placement struct {
	// Self is the name of this control node; empty on other servers.
	Self string `yaml:"self"`
	// Version of the list of nodes rises with each change: of two lists the higher one counts.
	Version int `yaml:"version"`
	// Nodes are the control nodes. Without any, each control node has every account.
	Nodes []controlclient.Member `yaml:"nodes"`
	// App is the name by which an app server asks the nodes for tokens and tickets, in place of
	// the platform. Empty means that it keeps them itself. Role control always does.
	App string `yaml:"app"`
	// Secret is what the app signs with; api.apps of the nodes has it, too.
	Secret config.Secret `yaml:"secret"`
	// GRPCListen is where role control answers reads over gRPC, host:port; port 0 takes a free one. Empty means nowhere.
	GRPCListen string `yaml:"grpc_listen"`
	// TLSCert is a file, PEM, with the certificate by which this server shows over gRPC who it is, as a node
	// and as an app: its common name is that of the app. Empty means gRPC in the clear.
	TLSCert string `yaml:"tls_cert"`
	// TLSKey is a file, PEM, with the key of TLSCert.
	TLSKey string `yaml:"tls_key"`
	// TLSCA is a file, PEM, with the authorities whose certificates are believed over gRPC. An app with a
	// certificate of theirs need not sign.
	TLSCA string `yaml:"tls_ca"`
}

// TLS is the configuration of gRPC's connections, for a node and for those that ask it; nil means in the clear.
func (p Placement) TLS() (*tls.Config, error) {
	if p.TLSCert == "" {
		return nil, nil //nolint:nilnil // in the clear is no error
	}
	own, err := tls.LoadX509KeyPair(p.TLSCert, p.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("control.tls_cert: %w", err)
	}
	pem, err := os.ReadFile(p.TLSCA)
	if err != nil {
		return nil, fmt.Errorf("control.tls_ca: %w", err)
	}
	believed := x509.NewCertPool()
	if !believed.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("control.tls_ca: %s holds no certificate", p.TLSCA)
	}
	return &tls.Config{
		Certificates: []tls.Certificate{own}, RootCAs: believed, ClientCAs: believed,
		ClientAuth: tls.VerifyClientCertIfGiven, MinVersion: tls.VersionTLS13,
	}, nil
}

// Members is the list of nodes.
func (p Placement) Members() controlclient.Members {
	return controlclient.Members{Version: int64(p.Version), Nodes: p.Nodes}
}

// Validate adds what is wrong with the settings, each under its key.
func (p Placement) Validate(f *config.Faults) {
	if err := p.Members().Check(); err != nil {
		f.Add("control.nodes", "%v", err)
	}
	if p.Self != "" && !slices.ContainsFunc(p.Nodes, func(n controlclient.Member) bool { return n.Name == p.Self }) {
		f.Add("control.self", "%q is the name of no node of control.nodes", p.Self)
	}
	if p.GRPCListen != "" {
		f.Listen("control.grpc_listen", p.GRPCListen)
	}
	if set := []bool{p.TLSCert != "", p.TLSKey != "", p.TLSCA != ""}; slices.Contains(set, true) && slices.Contains(set, false) {
		f.Add("control.tls_cert", "tls_cert, tls_key and tls_ca are set together, or none of them")
	}
	if p.App == "" {
		return
	}
	if len(p.Nodes) == 0 {
		f.Add("control.app", "is set without control.nodes")
	}
	if p.Secret == "" {
		f.Add("control.secret", "must be set for app %s", p.App)
	}
}
