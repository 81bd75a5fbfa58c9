// Command mockcarrier is the mock carrier: a SOAP service at /carrier with its
// WSDL at /carrier?wsdl, and a control port for faults, settings and the ledger.
package main

import (
	"context"
	"os"

	"oalab/cmd/internal/proc"
)

func main() { os.Exit(proc.Run(context.Background(), proc.Real(), run)) }
