package mail

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Dir writes each letter into a folder as one .eml file, which mail programs
// open. For development, and for systems that fetch letters from a folder.
type Dir struct{ path string }

// NewDir makes the folder if it is missing, readable by its owner alone:
// letters hold links that set passwords.
func NewDir(path string) (*Dir, error) {
	if path == "" {
		return nil, errors.New("mail folder: no path given")
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("mail folder: %w", err)
	}
	return &Dir{path: path}, nil
}

// Send writes the letter to <ID>_<address>.eml. Letter IDs begin with the time,
// so the names sort by it; the same letter sent twice is one file. A reader
// never sees half a letter, because it is renamed into place when complete.
// Errors are *DeliveryError.
func (d *Dir) Send(ctx context.Context, e Envelope) error {
	if err := ctx.Err(); err != nil {
		return &DeliveryError{text: "mail folder: " + err.Error(), cause: err}
	}
	m, err := message(e)
	if err != nil {
		return err
	}
	err = writeWhole(d.path, fileName(e), func(f *os.File) error {
		_, err := m.WriteTo(f)
		return err
	})
	if err != nil {
		return &DeliveryError{text: "mail folder: " + err.Error(), cause: err}
	}
	return nil
}

// writeWhole makes the file appear complete or not at all, also when the power
// fails. CreateTemp gives it mode 0600.
func writeWhole(folder, name string, write func(*os.File) error) error {
	f, err := os.CreateTemp(folder, ".letter-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // after the rename there is nothing left of that name
	if err := errors.Join(write(f), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(folder, name))
}

// fileName keeps of the address what is a plain file name everywhere. The ID
// was checked when the message was made.
func fileName(e Envelope) string {
	address := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', strings.ContainsRune("@.+-", r):
			return r
		}
		return '_'
	}, recipient(e))
	return e.ID + "_" + address[:min(len(address), 100)] + ".eml"
}

func recipient(e Envelope) string {
	address, err := parseAddress(e.To)
	if err != nil {
		return ""
	}
	return address.Address
}
