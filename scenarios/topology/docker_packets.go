package topology

import (
	"time"

	"oalab/scenarios/history"
	"oalab/scenarios/topology/masters"
	"oalab/scenarios/topology/packetbooks"
)

// booksTimeout bounds a question to a MySQL about the books.
const booksTimeout = 5 * time.Second

// PacketBooks are those of the one MySQL, or of each master at its own address.
func (d *docker) PacketBooks() ([]PacketBooks, error) {
	if d.books != nil {
		return d.books, nil
	}
	hosts, database := []string{string(HostMySQL)}, StoreDatabase
	if d.layout.Masters != nil {
		hosts, database = []string{string(HostMySQL1), string(HostMySQL2)}, masters.Database(history.GroupCore)
	}
	for i, host := range hosts {
		b, err := packetbooks.MySQL(host, d.addr(placeMySQL+i, portMySQL), StoreUser, database, booksTimeout)
		if err != nil {
			return nil, err
		}
		d.books = append(d.books, b)
	}
	return d.books, nil
}
