// Package controlpb owns the wire form of the control server's reads over gRPC (CTL-4):
// tokens.proto, and the Go code that is made of it and never edited. Other systems make theirs of
// the same file.
package controlpb

//go:generate go run github.com/bufbuild/buf/cmd/buf@v1.75.0 generate
